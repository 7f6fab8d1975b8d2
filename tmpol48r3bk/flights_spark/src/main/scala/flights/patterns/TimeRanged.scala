package flights
package patterns

import java.time.temporal.ChronoUnit.DAYS
import java.time.{Duration, LocalDateTime}

import core._

/** Time ranged: each window of event time is read once, when it is over.
  *
  * Rows that come later still are counted by `status`, not read: `backfill` their window, or choose
  * lookback if that is usual.
  */
final case class TimeRanged(
    every: Duration,
    since: LocalDateTime,
    override val until: Option[LocalDateTime] = None,
    grace: Duration = Duration.ZERO
) extends Windows {

  /** Windows that share a UTC day of an aggregate must follow one another. */
  def parallel: Boolean =
    every.toMillis % DAYS.getDuration.toMillis == 0 && since == since.truncatedTo(DAYS)

  def plan(asOf: LocalDateTime, history: History): Seq[Due] = missing(asOf, history)
}
