package bank
package core

import java.time.LocalDateTime

import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.{col, expr, lit, when}

/** How the source writes event time, and how that becomes UTC: behind it there is nothing else.
  *
  * `formats` are Spark's patterns for times; none means ISO 8601. `zone` is that of times without
  * an offset. An hour that daylight saving repeats is taken for the later one, and an hour that it
  * skips for the hour after. A time before the year 2, or after 9998, is none: no window can be
  * made of it.
  */
final case class EventTime(column: String, zone: String = "UTC", formats: Seq[String] = Nil) {

  /** SQL for the event time of rows with these raw columns. */
  def of(raw: Seq[Column], contract: Contract): String = {
    def named(columns: Seq[Column]) = columns.find(_.name == column).get
    utc(named(raw), named(contract.source).kind)
  }

  /** SQL for the event time of a raw column, `kind` being its type in the contract. */
  private def utc(raw: Column, kind: String) = {
    val name = s"`${raw.name}`"
    val isDate = kind == "DATE" // which has no zone
    if (raw.kind == "TIMESTAMP") inZone(name)
    else if (raw.kind != "STRING") s"TRY_CAST($name AS TIMESTAMP_NTZ)"
    else if (formats.isEmpty) EventTime.iso(name, if (isDate) identity else inZone)
    else if (isDate) first(name, formats)
    else {
      val (zoned, local) = formats.partition(EventTime.hasZone)
      val moments = zoned.map { one =>
        val moment = s"to_timestamp_ltz(trim($name), ${Sql.literal(one)})"
        EventTime.asUtc(s"CASE WHEN ${first(name, Seq(one))} IS NOT NULL THEN $moment END")
      }
      (moments ++ local.headOption.map(_ => inZone(first(name, local))))
        .mkString("coalesce(", ", ", ")")
    }
  }

  /** A text as the first of some formats reads it, whatever zone it says. */
  private def first(name: String, formats: Seq[String]) =
    formats
      .map(one => s"try_to_timestamp(trim($name), ${Sql.literal(one)})")
      .mkString("coalesce(", ", ", ")")

  private def inZone(local: String) =
    if (zone == "UTC") local
    else {
      val there = s"CAST($local AS TIMESTAMP_LTZ)"
      val first = s"to_utc_timestamp($there, ${Sql.literal(zone)})"
      def repeated(minutes: Int) = { // the same time on the clock, so much later
        val later = s"$first + INTERVAL $minutes MINUTES"
        s"WHEN from_utc_timestamp($later, ${Sql.literal(zone)}) = $there THEN $later"
      }
      EventTime.asUtc(s"CASE ${repeated(60)} ${repeated(30)} ELSE $first END")
    }
}

object EventTime {
  private val First = LocalDateTime.of(2, 1, 1, 0, 0)
  private val Last = LocalDateTime.of(9999, 1, 1, 0, 0)
  private val Day = "^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
  private val Local = Sql.literal(s"$Day([T ][0-9:.]+)?$$")
  private val Moment = Sql.literal(
    s"$Day[T ][0-9:.]+ ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2}){0,2})$$"
  )
  private val Minutes = Sql.literal("([T ][0-9]+:[0-9]+)( ?[ZU+-])")

  /** SQL for a text of ISO 8601 as a time in UTC, which is null if it is none: with an offset it
    * says so itself, and `inUtc` takes one without to UTC.
    */
  def iso(name: String, inUtc: String => String = identity): String = {
    val text = s"trim($name)"
    val whole =
      s"regexp_replace($text, $Minutes, '$$1:00$$2')" // Spark wants seconds before an offset
    s"CASE WHEN rlike($text, $Local) THEN ${inUtc(s"TRY_CAST($text AS TIMESTAMP_NTZ)")} " +
      s"WHEN rlike($text, $Moment) THEN ${asUtc(s"TRY_CAST($whole AS TIMESTAMP_LTZ)")} END"
  }

  /** Rows with `_event_time` in UTC, which is null where they have none. */
  def timed(
      rows: DataFrame,
      source: Option[EventTime],
      raw: Seq[Column],
      contract: Contract
  ): DataFrame = at(rows, source.fold("CAST(NULL AS TIMESTAMP_NTZ)")(_.of(raw, contract)))

  /** The same of rows of which SQL tells it. */
  def at(rows: DataFrame, utc: String): DataFrame = {
    val time = col("_event_time")
    val possible = time >= lit(First) && time < lit(Last)
    rows.withColumn("_event_time", expr(utc)).withColumn("_event_time", when(possible, time))
  }

  /** Whether a pattern has a zone in it: its letters outside of quotes. */
  private def hasZone(format: String) =
    format.replaceAll("'[^']*'", "").exists("XxZzVO".contains(_))

  private def asUtc(time: String) = s"CAST($time AS TIMESTAMP_NTZ)" // the session's zone is UTC
}
