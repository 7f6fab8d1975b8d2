package clicks

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
    val found = utc("Europe/London", Seq("2025-06-01T12:00+02:00", " 2025-6-1 12:00 ", "12"))
    val times = Seq(10, 11).map(hour => Some(LocalDateTime.of(2025, 6, 1, hour, 0)))
    assert(found == times :+ None)
  }

  test("an offset may be spelled in any way, and what is no time of ISO 8601 is none") {
    val offsets = Seq("+02:00", "+0200", "+02", " +02:00", "+02:00:00").map("12:00:00" + _)
    val moments = (offsets ++ Seq("10:00Z", "10:00 UTC", "10:00:00.0 Z")).map("2025-06-01 " + _)
    assert(utc("Europe/London", moments).distinct == Seq(Some(LocalDateTime.of(2025, 6, 1, 10, 0))))
    val zones = Seq(" America/New_York", " EST", "+2", " CET").map("2025-06-01 12:00:00" + _)
    val others = Seq("2025", "2025-06", "12:30:00", "12:30:00Z", "0001-12-31", "9999-01-01")
    assert(utc("UTC", zones ++ others).distinct == Seq(None))
  }

  test("a format that has a zone uses it, and the others are in the source's") {
    val texts = Seq("1/6/2025 12:00 +0200", "1/6/2025 12:00", "1/6/2025 12:00 X")
    val formats = Seq("d/M/yyyy H:m", "d/M/yyyy H:m 'X'", "d/M/yyyy H:m XX")
    val found = utc("Europe/London", texts, formats)
    assert(found == Seq(10, 11, 11).map(hour => Some(LocalDateTime.of(2025, 6, 1, hour, 0))))
    val day = utc("UTC", Seq("2/6/2025 +0200"), Seq("d/M/yyyy XX"), "DATE")
    assert(day == Seq(Some(LocalDateTime.of(2025, 6, 2, 0, 0))))
  }

  test("another time in text is UTC by its offset, too, and as late as it says") {
    val column = Column("valid", "TIMESTAMP", "valid")
    val contract = Contract("", Map("source" -> Table("source", Seq(column))), Duration.ZERO)
    val gate = Gate(contract, Table("bronze", Seq(column.copy(kind = "STRING"))), None)
    val texts = Seq("2025-03-01T00:30:00+02:00", "9999-12-31").map(Tuple1(_))
    val rows = Commands.spark.createDataFrame(texts).toDF("valid").selectExpr(gate.value(column))
    val found = rows.collect().toSeq.map(_.getAs[LocalDateTime](0).toString)
    assert(found == Seq("2025-02-28T22:30", "9999-12-31T00:00"))
  }

  /** What event times in text come to. */
  private def utc(
      zone: String,
      texts: Seq[String],
      formats: Seq[String] = Nil,
      kind: String = "TIMESTAMP"
  ) = {
    val table = Table("source", Seq(Column("moment", kind, "moment")))
    val contract = Contract("", Map("source" -> table), Duration.ZERO)
    val rows = Commands.spark.createDataFrame(texts.map(Tuple1(_))).toDF("moment")
    val raw = Seq(Column("moment", "STRING"))
    val timed = EventTime.timed(rows, Some(EventTime("moment", zone, formats)), raw, contract)
    timed.collect().toSeq.map(row => Option(row.getAs[LocalDateTime]("_event_time")))
  }
}
