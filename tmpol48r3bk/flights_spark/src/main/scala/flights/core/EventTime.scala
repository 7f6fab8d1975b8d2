package flights
package core

import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.expr

/** How the source writes event time, and how that becomes UTC: behind it there is nothing else.
  *
  * `formats` are Spark's patterns for times; none means ISO 8601. `zone` is that of times without
  * an offset. An hour that daylight saving repeats is taken for the later one, and an hour that it
  * skips for the hour after.
  */
final case class EventTime(column: String, zone: String = "UTC", formats: Seq[String] = Nil) {

  /** SQL for the event time of rows with these raw columns. */
  def of(raw: Seq[Column], contract: Contract): String = {
    def named(columns: Seq[Column]) = columns.find(_.name == column).get
    utc(named(raw), named(contract.source).kind)
  }

  /** SQL for the event time of a raw column, `kind` being its type in the contract. */
  def utc(raw: Column, kind: String): String = {
    val name = s"`${raw.name}`"
    val text = formats match {
      case Nil => s"TRY_CAST($name AS TIMESTAMP_NTZ)"
      case _   =>
        formats
          .map(one => s"try_to_timestamp($name, ${Sql.literal(one)})")
          .mkString("coalesce(", ", ", ")")
    }
    val whole =
      s"regexp_replace($name, $minutes, '$$1:00$$2')" // Spark wants seconds before an offset
    val local = if (raw.kind == "TIMESTAMP") name else text
    if (kind == "DATE") text // a date has no zone
    else if (raw.kind != "STRING" || formats.nonEmpty) inZone(local)
    else
      s"CASE WHEN rlike($name, $offset) THEN ${asUtc(s"TRY_CAST($whole AS TIMESTAMP_LTZ)")} ELSE ${inZone(local)} END"
  }

  private val offset = Sql.literal(":[0-9.]+ ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$")

  private val minutes = Sql.literal("([T ][0-9]+:[0-9]+)( ?[Z+-])")

  private def inZone(local: String) =
    if (zone == "UTC") local
    else {
      val there = s"CAST($local AS TIMESTAMP_LTZ)"
      val first = s"to_utc_timestamp($there, ${Sql.literal(zone)})"
      def repeated(minutes: Int) = { // the same time on the clock, so much later
        val later = s"$first + INTERVAL $minutes MINUTES"
        s"WHEN from_utc_timestamp($later, ${Sql.literal(zone)}) = $there THEN $later"
      }
      asUtc(s"CASE ${repeated(60)} ${repeated(30)} ELSE $first END")
    }

  private def asUtc(time: String) = s"CAST($time AS TIMESTAMP_NTZ)" // the session's zone is UTC
}

object EventTime {

  /** Rows with `_event_time` in UTC, which is null where they have none. */
  def timed(
      rows: DataFrame,
      when: Option[EventTime],
      raw: Seq[Column],
      contract: Contract
  ): DataFrame = {
    val time = when.fold("CAST(NULL AS TIMESTAMP_NTZ)")(_.of(raw, contract))
    rows.withColumn("_event_time", expr(time))
  }
}
