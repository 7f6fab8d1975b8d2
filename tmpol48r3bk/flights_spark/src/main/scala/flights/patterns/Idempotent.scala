package flights
package patterns

import org.apache.spark.sql.DataFrame

import core._

/** Idempotent: a unit replaces what an earlier run of it wrote, so that any rerun is harmless.
  *
  * Any unit, any number of times, in any order: the published rows are the same. That takes a sink
  * whose rows can be replaced, or it does not compile.
  */
object Idempotent extends Writing[Overwritable] {

  /** A unit that is done may be done again. */
  def admit(due: Seq[Due], history: History): Seq[Due] = due

  def write(into: Transaction, table: Table, part: Slice, rows: DataFrame): Unit =
    into.replace(table, part.replaces, rows)
}
