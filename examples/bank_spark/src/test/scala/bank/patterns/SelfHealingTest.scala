package bank
package patterns

import Worlds._

/** Self-healing: gaps and failures are found in the ledger and done again, within limits. */
class SelfHealingTest extends Proofs {
  private val healing = windowed("SelfHealing")

  proof("a gap is refilled before what is new", healing) { here =>
    (0 until 4).foreach(window => here.write(s"w$window", here.rows(3, window)))
    here.backfill(here.end(2), here.end(3)) // as if the windows before it had been lost
    val due = here.plan(here.over(4)).map(_._2)
    assert(due.filter(_ != "again") == Seq("gap", "gap", "new"))
    assert(due.indexOf("gap") < due.indexOf("new"))
    assert(here.run(here.over(4)).exit == 0)
    assert(here.plan(here.over(4)).forall(_._2 == "again"))
    assert(here.silver() == Cells.ordered((0 until 4).flatMap(here.rows(3, _))))
  }

  proof("at most so many gaps are refilled in one run, oldest first", healing) { here =>
    val two = patient(here)(_.copy(maxCatchUp = 2))
    def gaps(world: World) = world.plan(here.over(5)).collect { case (unit, "gap") => unit }
    (0 until 5).foreach(window => here.write(s"w$window", here.rows(3, window)))
    here.backfill(here.end(4), here.end(5))
    val all = gaps(here)
    assert(all.size == 4 && gaps(two) == all.take(2))
    val result = two.run(here.over(5))
    assert(result.exit == 0 && result.facts("left").num == 2)
    assert(gaps(two) == all.drop(2))
  }

  proof("a transient error is retried at once", healing) { here =>
    here.write("a", here.rows(3))
    val failing = new Failing(Set(here.begin), transient = true, times = 2)
    assert(broken(here, failing).run(here.over(1)).exit == 0)
    assert(here.silver() == Cells.ordered(here.rows(3)))
    assert(failing.asked == 3)
  }

  proof("an error that will not pass is not retried", healing) { here =>
    here.write("a", here.rows(3))
    val failing = new Failing(Set(here.begin))
    assert(broken(here, failing).run(here.over(1)).exit == 1)
    assert(failing.asked == 1)
  }

  proof("one bad window fails alone", healing) { here =>
    (0 until 3).foreach(window => here.write(s"w$window", here.rows(3, window)))
    val result = broken(here, new Failing(Set(here.end(1)))).run(here.over(3))
    assert(result.exit == 1 && result.facts("done").num == 2)
    assert(result.facts("failed").arr.size == 1)
    assert(here.plan(here.over(3)).count(_._2 == "retry") == 1)
    assert(here.run(here.over(3)).exit == 0)
    assert(here.silver() == Cells.ordered((0 until 3).flatMap(here.rows(3, _))))
  }

  proof("a window that keeps failing is parked, and reported until a backfill", healing) { here =>
    here.write("a", here.rows(3))
    val failing = new Failing(Set(here.begin))
    val wrong = patient(broken(here, failing))(_.copy(parkAfter = 2))
    assert(wrong.run(here.over(1)).facts("parked").arr.isEmpty)
    val parked = wrong.run(here.over(1)).facts("parked")
    assert(parked.arr.size == 1)
    val asked = failing.asked
    val result = wrong.run(here.over(1))
    assert(result.exit == 1 && result.facts("parked") == parked)
    assert(failing.asked == asked, "a parked window is left alone")
    assert(here.status(here.over(1))("parked") == parked)
    assert(here.backfill(here.begin, here.end(1)).exit == 0)
    assert(here.status(here.over(1))("parked").arr.isEmpty)
    assert(here.silver() == Cells.ordered(here.rows(3)))
  }

  proof("failures in a row stop the run", healing) { here =>
    here.write("a", here.rows(3))
    val failing = new Failing((0 until 9).map(here.end).toSet)
    val wrong = patient(broken(here, failing))(_.copy(stopAfter = 3)).but(_.copy(chunk = 1))
    val result = wrong.run(here.over(9))
    assert(result.exit == 1 && result.facts("failed").arr.size == 3)
    assert(result.facts("left").num == 6)
  }

  private def broken(world: World, failing: Failing) = world.from(failing(_))

  private def patient(world: World)(change: SelfHealing => SelfHealing) =
    world.behaving { case it: SelfHealing => change(it) }
}
