package shop
package patterns

import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.{col, lit}
import org.slf4j.LoggerFactory

import core._

/** Conditional: rules decide at run time which table a row goes to; one table for each route.
  *
  * The rules are `routes`, in SQL. It reads silver's rows (`input`) and one row of settings
  * (`settings`), and adds the column `_route` by a CASE: the first rule that is true wins. A route
  * is declared by its table in contract.yml, `silver_<route>`. What no rule took, or one that is
  * not declared, goes to the remainder, so that no row is lost. The ledger keeps the settings that
  * decided a unit, and how many of its rows each route took.
  */
final case class Conditional(routes: String, remainder: String = "rest") extends Structure {
  private val prefix = "silver_"
  private val log = LoggerFactory.getLogger(getClass)

  /** One step for each route; the last one takes what is left, and counts all. */
  def steps(gate: Gate): Seq[Step] = {
    val rest = gate.contract.tables(prefix + remainder)
    val found = gate.contract.tables.values.filter(_.name.startsWith(prefix)).toSeq
    val chosen = found.filter(_ != rest).sortBy(_.name)
    val names = chosen.map(table => Sql.literal(table.name.stripPrefix(prefix)))
    val taken = s"coalesce(_route IN (${(names :+ "NULL").mkString(", ")}), false)"
    val last = step(rest, s"NOT $taken").copy(after = count(chosen :+ rest))
    chosen.zip(names).map { case (table, name) => step(table, s"_route = $name") } :+ last
  }

  private def step(table: Table, where: String) =
    Step(
      table,
      "silver",
      replaced,
      (rows, unit) => {
        shownSettings(rows, unit)
        Sql.over(routes)(rows).where(where).select(table.names.map(col): _*)
      }
    )

  /** Typed rows that are sent on: those that the step before has just replaced. */
  private def replaced(slices: Slices) = Slice(slices.rows.replaces, slices.rows.replaces)

  /** Makes the relation `settings`: one row, with what decides the unit. */
  private def shownSettings(rows: DataFrame, unit: WorkUnit): Unit = {
    val values = unit.detail("settings").obj.toSeq.map { case (key, value) =>
      s"${Conditional.literal(value)} AS `$key`"
    }
    val query = s"SELECT ${if (values.isEmpty) "true" else values.mkString(", ")}"
    rows.sparkSession.sql(query).createOrReplaceTempView("settings")
  }

  /** How many rows of each unit are in each of `tables`, logged and for the ledger.
    *
    * Tables without the column `_unit` are written by one unit at a time.
    */
  private def count(tables: Seq[Table])(into: Transaction, part: Slice, unit: WorkUnit) = {
    val start = if (tables.last.names.contains("_unit")) col("_unit") else lit(unit.range.start)
    val rows = tables.map { table =>
      part.reads.of(into.table(table.name)).select(start.as("_unit"), lit(table.name).as("_route"))
    }
    val found = rows.reduce(_ union _).groupBy("_unit", "_route").count().collect().toSeq
    val units = found.groupBy(row => Counts.start(row.get(0))).toSeq.sortBy(_._1)
    units.map { case (unit, counted) =>
      val numbers = counted.map(row => row.getString(1) -> row.getLong(2)).toMap
      val routes = tables.map(table => table.name -> numbers.getOrElse(table.name, 0L))
      val detail = ujson.Obj.from(routes.map { case (name, rows) => name -> rows.toDouble })
      log.info(s"$unit: ${detail.render()}")
      unit -> Map[String, ujson.Value]("routes" -> detail)
    }.toMap
  }
}

object Conditional {

  /** A setting in SQL. */
  private def literal(value: ujson.Value): String = value match {
    case ujson.Str(text) => Sql.literal(text)
    case other           => other.render()
  }
}

/** A way of writing units that settings decide: each remembers those that it was decided by. */
trait Deciding[-S <: Sink] extends Writing[S] {
  def writing: Writing[S]

  /** What decides a unit. */
  def settings(unit: WorkUnit, history: History): Map[String, ujson.Value]

  /** The units with their settings: units of other settings are not done in one pass. */
  def admit(due: Seq[Due], history: History): Seq[Due] =
    writing.admit(due, history).map { case Due(unit, why) =>
      val decided = "settings" -> ujson.Obj.from(settings(unit, history))
      Due(unit.copy(detail = unit.detail + decided), why)
    }

  def write(into: Transaction, table: Table, part: Slice, rows: DataFrame): Unit =
    writing.write(into, table, part, rows)
}

/** Units that the settings of the moment decide. */
final case class Decided[-S <: Sink](writing: Writing[S], values: Map[String, ujson.Value])
    extends Deciding[S] {
  def settings(unit: WorkUnit, history: History): Map[String, ujson.Value] = values
}
