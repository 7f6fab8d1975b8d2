package shop
package patterns

import java.time.{Duration, LocalDateTime}

import org.apache.spark.sql.DataFrame

import core._

/** Lookback: each run reads the last `windows` windows again, so that late and corrected rows
  * arrive.
  *
  * They are replaced, never added to, so each row is there once. Numbers of gold may look back on
  * some days, their own included; `trailing` says how many. When a day changes, those of the days
  * behind it are computed again, too.
  */
final case class Lookback(
    every: Duration,
    since: LocalDateTime,
    override val until: Option[LocalDateTime] = None,
    grace: Duration = Duration.ZERO,
    windows: Int = 7,
    trailing: Int = 1
) extends Windows {

  /** A day of gold reads what other windows write. */
  def parallel: Boolean = false

  def plan(asOf: LocalDateTime, history: History): Seq[Due] = {
    val last = over(asOf).takeRight(windows)
    val done = last.filter(window => history.status(window.key).contains(Status.Done))
    val again = done.map(window => Due(WorkUnit(window), Why.Again))
    (missing(asOf, history) ++ again).sortBy(_.unit.key)
  }

  /** Aggregates of the touched days and of those that look back on them.
    *
    * What these look back on is read as well, but not written: its own past isn't read.
    */
  override def slices(
      units: Seq[WorkUnit],
      batch: DataFrame,
      pipeline: Pipeline[_],
      store: Store
  ): (DataFrame, Slices) = {
    val (rows, byUnit) = super.slices(units, batch, pipeline, store)
    val (span, around, when) = (Windows.span(units), trailing - 1L, pipeline.source.eventTime.get)
    val first = span.from.toLocalDate
    val last = span.to.minusNanos(1000).toLocalDate.plusDays(around)
    val (from, to) = (first.minusDays(around), last.plusDays(1))
    val days = Rows.Where(s"day >= DATE '$first' AND day <= DATE '$last'")
    val reads = Rows.Where(s"$when >= DATE '$from' AND $when < DATE '$to'")
    (rows, byUnit.copy(aggregate = Slice(reads, replaces = days, writes = days)))
  }
}
