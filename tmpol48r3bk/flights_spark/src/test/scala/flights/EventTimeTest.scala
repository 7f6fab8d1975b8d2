package flights

import java.time.format.DateTimeFormatter.ISO_OFFSET_DATE_TIME
import java.time.{Duration, Instant, LocalDate, LocalDateTime, ZoneId, ZoneOffset}

import org.scalatest.funsuite.AnyFunSuite

import core._

/** Event time: what the source writes in its own zone is UTC behind the edge. */
class EventTimeTest extends AnyFunSuite {
  private val london = ZoneId.of("Europe/London")

  Seq("2025-03-30" -> 23, "2025-10-26" -> 25, "2025-06-01" -> 24).foreach { case (day, hours) =>
    test(s"the local day $day has $hours hours") {
      val start = LocalDate.parse(day).atStartOfDay(london).toInstant
      val instants = (0 until hours).map(n => start.plus(Duration.ofHours(n.toLong)))
      assert(instants.last.plus(Duration.ofHours(1)).atZone(london).toLocalTime.toSecondOfDay == 0)
      val zoned = instants.map(one => ISO_OFFSET_DATE_TIME.format(one.atZone(london)))
      assert(utc("Europe/London", zoned) == instants.map(at))
      val local = instants.map(instant => Times.text(instant.atZone(london).toLocalDateTime))
      val later = instants.map(one => instants.findLast(text(_) == text(one)).flatMap(at))
      assert(utc("Europe/London", local) == later, "a repeated hour is taken for the later one")
    }
  }

  test("an hour that daylight saving skips is taken for the hour after") {
    val found = utc("Europe/London", Seq("2025-03-30T01:30:00", "2025-03-30T02:30:00"))
    assert(found.map(_.get.toString) == Seq("2025-03-30T01:30", "2025-03-30T01:30"))
  }

  test("event times are read in every format that is named") {
    val texts = Seq("31/12/2025 23:00", "2025-12-31 23:00", "soon")
    val found = utc("UTC", texts, Seq("d/M/yyyy H:m", "yyyy-M-d H:m"))
    val time = Some(LocalDateTime.of(2025, 12, 31, 23, 0))
    assert(found == Seq(time, time, None))
  }

  test("a date has no zone") {
    val found = utc("America/New_York", Seq("2025-06-01"), kind = "DATE")
    assert(found == Seq(Some(LocalDate.of(2025, 6, 1).atStartOfDay)))
  }

  private def text(instant: Instant) = Times.text(instant.atZone(london).toLocalDateTime)

  private def at(instant: Instant) = Some(LocalDateTime.ofInstant(instant, ZoneOffset.UTC))

  test("seconds may be left out, and the offset as well") {
    val found = utc("Europe/London", Seq("2025-06-01T12:00+02:00", "2025-06-01 12:00", "12"))
    val times = Seq(10, 11).map(hour => Some(LocalDateTime.of(2025, 6, 1, hour, 0)))
    assert(found == times :+ None)
  }

  /** What event times in text come to. */
  private def utc(
      zone: String,
      texts: Seq[String],
      formats: Seq[String] = Nil,
      kind: String = "TIMESTAMP"
  ) = {
    val sql = EventTime("moment", zone, formats).utc(Column("moment", "STRING"), kind)
    val rows = Commands.spark.createDataFrame(texts.map(Tuple1(_))).toDF("moment")
    val found = rows.selectExpr(s"CAST($sql AS TIMESTAMP_NTZ) AS utc").collect().toSeq
    found.map(row => Option(row.getAs[LocalDateTime](0)))
  }
}
