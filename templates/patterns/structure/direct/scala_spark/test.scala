package patterns

import Worlds._

/** Direct: one hop; what the gate refused is quarantined, nothing else is kept raw. */
class DirectTest extends Proofs {
  private val each = having("Direct")

  proof("rows go straight to silver and gold", each) { here =>
    here.write("a", here.rows(5))
    assert(here.run(here.over(1)).exit == 0)
    assert(here.silver() == Cells.ordered(here.rows(5)))
    assert(here.table("gold").map(_("rows").asInstanceOf[Long]).sum == 5)
    assert(!here.content().contains("bronze"))
  }

  proof("the gate stands before silver", spoilable("Direct")) { here =>
    val rows = here.rows(9)
    here.write("a", here.spoil(rows.take(2)) ++ rows.drop(2))
    assert(here.run(here.over(1)).facts("rejected").num == 2)
    assert(here.silver() == Cells.ordered(rows.drop(2)))
    assert(here.table("quarantine").size == 2)
  }

  proof("there is nothing to rebuild from", each) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    assert(here.backfill(here.begin, here.end(1), "--rebuild").exit == 2)
  }
}
