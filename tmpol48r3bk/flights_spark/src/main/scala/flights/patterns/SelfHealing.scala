package flights
package patterns

import java.time.Duration

import dev.failsafe.{Failsafe, FailsafeException, RetryPolicy}

import core._

/** Self-healing: gaps and failures in the ledger are done again, oldest first, within limits.
  *
  * At most `maxCatchUp` old units a run, so that new ones are not starved. A transient error is
  * retried at once, `retries` times, with exponential backoff from `backoff` and jitter. A unit
  * that failed in `parkAfter` runs is parked: it is reported, and left until `backfill` asks for
  * it. `stopAfter` failures in a row end the run.
  */
final case class SelfHealing(
    maxCatchUp: Int = 30,
    retries: Int = 3,
    backoff: Duration = Duration.ofSeconds(1),
    parkAfter: Int = 3,
    stopAfter: Int = 3
) extends Behaviour {

  def choose(due: Seq[Due]): Seq[Due] = {
    val (old, now) = due.partition(one => one.why == Why.Gap || one.why == Why.Retry)
    old.take(maxCatchUp) ++ now
  }

  def attempt(work: => Seq[Entry]): Seq[Entry] = {
    val policy = RetryPolicy
      .builder[Seq[Entry]]()
      .handle(classOf[Transient])
      .withMaxRetries(retries)
      .withBackoff(backoff, Duration.ofMinutes(1))
      .withJitter(0.5)
      .build()
    try Failsafe.`with`(java.util.List.of(policy)).get(() => work)
    catch { case error: FailsafeException => throw error.getCause }
  }

  def failed(attempt: Int): Status = if (attempt >= parkAfter) Status.Parked else Status.Failed

  def carryOn(ended: Seq[Entry]): Boolean = {
    val latest = ended.takeRight(stopAfter)
    latest.size < stopAfter || latest.exists(_.status == Status.Done)
  }
}
