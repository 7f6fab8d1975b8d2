package shop
package patterns

import core._

/** Plain: what is new is tried once, in order; the first failure ends the run.
  *
  * Nothing is retried and no gap is filled by itself: `status` shows them, `backfill` does them.
  */
object Plain extends Behaviour {

  def choose(due: Seq[Due]): Seq[Due] =
    due.filter(one => one.why == Why.New || one.why == Why.Again)

  def attempt(work: => Seq[Entry]): Seq[Entry] = work

  def failed(attempt: Int): Status = Status.Failed

  def carryOn(ended: Seq[Entry]): Boolean = ended.forall(_.status == Status.Done)
}
