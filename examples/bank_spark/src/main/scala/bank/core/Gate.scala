package bank
package core

import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.{coalesce, col, concat_ws, expr, lit, struct, to_json, when}

/** The quality gate: rows that keep the contract pass, typed; the others go to quarantine.
  *
  * `raw` is the table of rows as they came, with where they came from.
  */
final case class Gate(contract: Contract, raw: Table, eventTime: Option[String]) {
  private val columns = contract.source
  private val kinds = raw.columns.map(column => column.name -> column.kind).toMap
  private val traces = raw.names.filter(_.startsWith("_")).map(col)

  /** Rows that keep every rule, with the contract's types and event time in UTC. */
  def passing(rows: DataFrame): DataFrame =
    judged(rows).where("NOT _broken").select(columns.map(column => col(column.name)) ++ traces: _*)

  /** Rows that break a rule: every reason in one text, the row as it came in JSON. */
  def failing(rows: DataFrame): DataFrame = {
    val content = coalesce(col("_line"), to_json(col("_came"), keepNulls)).as("content")
    judged(rows).where("_broken").select(col("_unit"), col("_file"), col("reason"), content)
  }

  /** Where the failing rows go. */
  def quarantine: Table = {
    val said = Seq("reason", "content").map(Column(_, "STRING"))
    Table("quarantine", raw.columns.filter(c => Set("_unit", "_file")(c.name)) ++ said)
  }

  /** All rows, typed, with `_broken`, a `reason` and, as `_came`, the row as it was. */
  def judged(rows: DataFrame): DataFrame = {
    val came = struct(columns.map(column => col(column.name)): _*).as("_came")
    val typed = columns.map(column => expr(value(column)).as(column.name))
    val reasons = col("_problem") +: checks.map { case (bad, why) => when(bad, why) }
    val broken = checks.map { case (bad, _) => bad }.foldLeft(col("_problem").isNotNull)(_ || _)
    rows
      .select(traces ++ (came +: typed): _*)
      .withColumn("_broken", broken) // without its texts, which good rows would only take time for
      .withColumn("reason", concat_ws("; ", reasons: _*))
  }

  /** The typed value of a raw column, as SQL. */
  def value(column: Column): String =
    if (eventTime.contains(column.name)) s"CAST(_event_time AS ${column.kind})"
    else if (column.kind == "TIMESTAMP" && kinds(column.name) == "STRING")
      EventTime.iso(s"`${column.name}`")
    else s"TRY_CAST(`${column.name}` AS ${column.kind})"

  /** Conditions that are true for a bad row, with the reason to give. */
  private def checks = {
    val cells = columns.collect {
      case Column(name, kind, _, required, _) if required || eventTime.contains(name) =>
        col(name).isNull -> s"$name: no $kind"
      case Column(name, kind, _, _, _) if kinds(name) != kind =>
        (col(s"_came.$name").isNotNull && col(name).isNull) -> s"$name: no $kind"
    }
    val rounded = columns.collect {
      case Column(name, kind, _, _, _) if kinds(name) == "STRING" && kind.startsWith("DEC") =>
        expr(s"TRY_CAST(_came.`$name` AS DOUBLE) <> CAST(`$name` AS DOUBLE)") ->
          s"$name: $kind would round it"
    }
    val rules = contract.tables("source").rules.map { rule =>
      expr(s"NOT coalesce((${rule.query}), false)") -> rule.name
    }
    (cells ++ rounded ++ rules).map { case (bad, why) => coalesce(bad, lit(false)) -> lit(why) }
  }

  private val keepNulls = new java.util.HashMap[String, String] { put("ignoreNullFields", "false") }
}
