package shop
package patterns

import org.apache.spark.sql.DataFrame

import core._

/** Once: a unit is written one time, and a rerun is refused before it writes anything.
  *
  * Choose idempotent if a unit may ever have to be done again, as for late or corrected rows. Rows
  * are appended; what follows from rows of other units as well is still replaced.
  */
object Once extends Writing[Sink] {

  def admit(due: Seq[Due], history: History): Seq[Due] =
    due.map(_.unit.key).filter(history.done.contains).toList match {
      case Nil           => due
      case first :: more => throw refused(first, more.size)
    }

  def write(into: Transaction, table: Table, part: Slice, rows: DataFrame): Unit =
    if (part.own) into.append(table, rows) else into.replace(table, part.replaces, rows)

  private def refused(unit: String, more: Int) = {
    val others = if (more > 0) s" and $more more" else ""
    UsageError(
      s"$unit$others is done, and this pipeline writes a unit once: choose idempotent to do it again"
    )
  }
}
