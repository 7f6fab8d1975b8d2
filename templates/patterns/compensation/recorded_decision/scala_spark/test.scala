package patterns

import Worlds._

/** Recorded decision: what decided a unit decides it again, whatever the settings are by then. */
class RecordedDecisionTest extends Proofs {
  private val each = windowed("RecordedDecision")

  private def deciding(world: World, wanted: Int) =
    Routed.by(world, "WHEN settings.wanted = 1 THEN FIRST", wanted)

  proof("a rerun after a changed setting publishes equal rows", each) { world =>
    val here = deciding(world, wanted = 1)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val before = here.content()
    val changed = deciding(here, wanted = 0)
    assert(rerun(changed, 1) == 0)
    assert(changed.content() == before)
    assert(rerun(changed, 1) == 0, "and so does the rerun of a rerun")
    assert(changed.content() == before)
  }

  proof("a new unit follows the current setting", each) { world =>
    val here = deciding(world, wanted = 1)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val changed = deciding(here, wanted = 0)
    changed.write("b", here.rows(4, window = 1))
    assert(changed.run(here.over(2)).exit == 0)
    assert(Routed.sizes(changed).last >= 4)
  }

  proof("units with other settings are not decided in one pass", each) { world =>
    val here = deciding(world, wanted = 1)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val changed = deciding(here, wanted = 0)
    changed.write("b", here.rows(4, window = 1))
    changed.run(here.over(2))
    val before = changed.content()
    assert(rerun(deciding(changed, wanted = 1), 2) == 0)
    assert(changed.content() == before)
  }

  private def rerun(here: World, windows: Int) = here.backfill(here.begin, here.end(windows)).exit
}
