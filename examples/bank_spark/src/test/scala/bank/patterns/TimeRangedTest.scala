package bank
package patterns

import core._
import Worlds._

/** Time ranged: each window once; what comes later is counted. */
class TimeRangedTest extends Proofs {
  proof("a window is read once", having("TimeRanged")) { here =>
    here.write("a", here.rows(5))
    assert(here.run(here.over(1)).facts("done").num == 1)
    assert(here.plan(here.over(1)).isEmpty)
    assert(here.plan(here.over(2)).map(_._2) == Seq("new"))
  }

  proof("late rows are counted, and come with a backfill", having("TimeRanged", "Idempotent")) {
    here =>
      val rows = here.rows(6)
      here.write("a", rows.take(4))
      here.run(here.over(1))
      here.write("b", rows.drop(4))
      here.run(here.over(1))
      assert(here.silver() == Cells.ordered(rows.take(4)))
      assert(here.status(here.over(1))("late").obj.values.map(_.num) == Seq(2.0))
      here.backfill(here.begin, here.end(1))
      assert(here.silver() == Cells.ordered(rows))
      assert(here.status(here.over(1))("late").obj.isEmpty)
  }

  proof("what was parked where nothing is read any more is no news", having("TimeRanged")) { here =>
    here.write("a", here.rows(3))
    val parking = here.from(new Failing(Set(here.begin))(_)).but(_.copy(behaviour = Parking))
    assert(parking.run(here.over(1)).facts("parked").arr.size == 1)
    assert(parking.run(here.over(1)).exit == 1)
    val later = here.extracting { case it: TimeRanged => it.copy(since = here.end(1)) }
    val result = later.run(here.over(1))
    assert(result.exit == 0 && result.facts("parked").arr.isEmpty)
    assert(later.status(here.over(1))("parked").arr.isEmpty)
  }

  proof("several windows at once give the same rows", having("TimeRanged")) { here =>
    (0 until 6).foreach(window => here.write(s"w$window", here.rows(4, window)))
    val atOnce = here.copyTo("at_once").but(made => made.copy(chunk = 2))
    here.run(here.over(6))
    val result = atOnce.backfill(here.begin, here.end(6), "--jobs", "3")
    if (here.pipeline.parallel) {
      assert(result.exit == 0)
      assert(here.content() == atOnce.content())
    } else assert(result.exit == 2)
  }
}

/** Gives up at once. */
private object Parking extends Behaviour {
  def choose(due: Seq[Due]): Seq[Due] = due
  def attempt(work: => Seq[Entry]): Seq[Entry] = work
  def failed(attempt: Int): Status = Status.Parked
  def carryOn(ended: Seq[Entry]): Boolean = true
}
