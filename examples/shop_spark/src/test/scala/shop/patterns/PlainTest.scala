package shop
package patterns

import Worlds._

/** Plain: no retry, no catching up; a person sees the failure and decides. */
class PlainTest extends Proofs {
  private val each = having("Plain", "TimeRanged")

  proof("the first failure ends the run and is left alone", each) { world =>
    val here = world.but(_.copy(chunk = 1))
    (0 until 3).foreach(window => here.write(s"w$window", here.rows(3, window)))
    val failing = new Failing(Set(here.end(1)), transient = true)
    val result = here.from(failing(_)).run(here.over(3))
    assert(result.exit == 1 && result.facts("done").num == 1)
    assert(result.facts("failed").arr.size == 1)
    assert(failing.asked == 1)
    assert(here.silver() == Cells.ordered(here.rows(3)))
    assert(here.run(here.over(3)).facts("done").num == 1)
    assert(here.silver() == Cells.ordered(here.rows(3) ++ here.rows(3, window = 2)))
    assert(here.status(here.over(3))("failed").arr.size == 1)
    assert(here.backfill(here.end(1), here.end(2)).exit == 0)
    assert(here.silver() == Cells.ordered((0 until 3).flatMap(here.rows(3, _))))
  }
}
