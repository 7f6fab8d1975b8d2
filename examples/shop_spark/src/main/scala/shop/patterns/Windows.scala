package shop
package patterns

import java.time.{Duration, LocalDateTime}

import scala.util.{Success, Try}

import org.apache.spark.sql.{DataFrame, SparkSession}

import core._

/** Windows of event time: what the extractions by time have in common.
  *
  * Windows are `every` so long, from `since` to `until`; one is over `grace` after its end.
  */
trait Windows extends Extraction {
  def every: Duration
  def since: LocalDateTime
  def grace: Duration

  def unitType: String = "TIMESTAMP"

  /** Windows of this length, at these places. */
  def owns(unit: String): Boolean = Windows.of(unit).exists { case Window(start, end) =>
    Duration.between(start, end) == every &&
    Duration.between(since, start).toMillis % every.toMillis == 0
  }

  /** From `since` to `until`. */
  override def reaches(unit: String): Boolean = Windows.of(unit).exists { window =>
    !window.from.isBefore(since) && !until.exists(window.to.isAfter)
  }

  /** The windows that are over at `asOf`, oldest first. */
  def over(asOf: LocalDateTime): Seq[Window] = {
    val end = (asOf.minus(grace) +: until.toSeq).min
    Iterator
      .iterate(Window(since, since.plus(every)))(last => Window(last.to, last.to.plus(every)))
      .takeWhile(!_.to.isAfter(end))
      .toSeq
  }

  /** The windows that are over and not done, and why. */
  def missing(asOf: LocalDateTime, history: History): Seq[Due] = {
    val newest = history.latest.keys.maxOption.getOrElse("") // keys sort by time
    over(asOf).flatMap { window =>
      val why = history.status(window.key) match {
        case Some(Status.Failed)         => Some(Why.Retry)
        case None if window.key > newest => Some(Why.New)
        case None                        => Some(Why.Gap)
        case _                           => None
      }
      why.map(Due(WorkUnit(window), _))
    }
  }

  /** The windows that touch `[start, end)`, if they are over. */
  def again(
      start: LocalDateTime,
      end: LocalDateTime,
      asOf: LocalDateTime,
      history: History
  ): Seq[Due] =
    over(asOf)
      .filter(window => window.to.isAfter(start) && window.from.isBefore(end))
      .map(window => Due(WorkUnit(window), Why.Again))

  /** All rows from the first window's start to the last one's end. */
  def request(units: Seq[WorkUnit]): Request = {
    val span = Windows.span(units)
    Request(bucket, Wanted.Between(span.from, span.to))
  }

  /** Rows by window; aggregates by each UTC day that the windows touch. */
  def slices(
      units: Seq[WorkUnit],
      batch: DataFrame,
      pipeline: Pipeline[_],
      store: Store
  ): (DataFrame, Slices) = {
    val span = Windows.span(units)
    val rows = Rows.Where(s"_unit >= ${Times.sql(span.from)} AND _unit < ${Times.sql(span.to)}")
    val mine = Slice(rows, rows, own = true)
    val (first, last) = (span.from.toLocalDate, span.to.minusNanos(1000).toLocalDate)
    val when = pipeline.source.eventTime.get
    val reads = s"$when >= DATE '$first' AND $when < DATE '${last.plusDays(1)}'"
    val days = Slice(Rows.Where(reads), Rows.Where(s"day >= DATE '$first' AND day <= DATE '$last'"))
    (batch, Slices(raw = mine, rows = mine, aggregate = days))
  }

  /** Rows that came when their window was done, and rows that lie in no window. */
  override def unread(pipeline: Pipeline[_], spark: SparkSession, history: History): ujson.Obj = {
    val rows =
      pipeline.source.read(spark, Request(bucket, Wanted.Everything), pipeline.contract).rows
    val found = rows.groupBy("_unit").count().collect().toSeq
    val (undated, dated) = found.partition(_.isNullAt(0))
    val numbers = dated.map(row => row.getAs[LocalDateTime](0) -> row.getLong(1)).sortBy(_._1)
    val late = numbers.flatMap { case (start, number) =>
      val done = history.done.get(Window(start, start.plus(every)).key)
      done
        .map(number - _.rows)
        .filter(_ > 0)
        .map(more => Times.text(start) -> ujson.Num(more.toDouble))
    }
    def outside(is: LocalDateTime => Boolean) =
      ujson.Num(numbers.collect { case (start, number) if is(start) => number }.sum.toDouble)
    ujson.Obj(
      "late" -> ujson.Obj.from(late),
      "before_since" -> outside(_.isBefore(since)),
      "after_until" -> outside(start => until.exists(start.plus(every).isAfter)),
      "undated" -> undated.map(_.getLong(1)).sum.toDouble
    )
  }

  /** SQL for the start of a row's window. */
  private def bucket = {
    val origin = s"unix_micros(CAST(${Times.sql(since)} AS TIMESTAMP_LTZ))"
    val at = "unix_micros(CAST(_event_time AS TIMESTAMP_LTZ))"
    val length = every.toMillis * 1000
    s"CAST(timestamp_micros($at - pmod($at - $origin, $length)) AS TIMESTAMP_NTZ)"
  }
}

object Windows {

  /** The window that the ledger calls so. */
  private def of(unit: String) = unit.split("/").map(text => Try(LocalDateTime.parse(text))) match {
    case Array(Success(start), Success(end)) => Some(Window(start, end))
    case _                                   => None
  }

  /** From the first window's start to the last one's end. */
  def span(units: Seq[WorkUnit]): Window = {
    val windows = units.map(_.range).collect { case window: Window => window }
    Window(windows.head.from, windows.last.to)
  }
}
