package patterns

import core._
import Worlds._

/** Full snapshot: everything, each time; what was published before is replaced in one step. */
class FullSnapshotTest extends Proofs {
  private val each = having("FullSnapshot")
  private val raw = having("FullSnapshot", "MultiHop")

  private def retaining(here: World, versions: Int) = here.extracting { case it: FullSnapshot =>
    it.copy(retain = versions)
  }

  private def versions(here: World) = here.table("bronze").map(_("_unit").toString).distinct.sorted

  proof("what the source deleted or changed shows", each) { here =>
    here.write("a", here.rows(8))
    here.write("b", here.rows(4, window = 1))
    here.run(here.over(1))
    assert(here.silver() == Cells.ordered(here.rows(8) ++ here.rows(4, window = 1)))
    here.remove("b")
    val now = here.rows(8, version = 1).drop(1)
    here.write("a", now)
    assert(here.run(here.over(2)).exit == 0)
    assert(here.silver() == Cells.ordered(now))
    assert(here.table("gold").map(_("rows").asInstanceOf[Long]).sum == 7)
    val facts = here.status(here.over(2))
    assert((facts("rows").num, facts("quarantined").num) == (7.0, 0.0))
  }

  proof("the last versions are kept raw, a failed one costs none of them", raw) { world =>
    val here = retaining(world, 2)
    Seq(here.rows(4), here.rows(4), Nil, here.rows(4)).zipWithIndex.foreach { case (rows, day) =>
      here.write("a", rows)
      here.run(here.over(day + 1))
    }
    assert(versions(here) == Seq(here.over(2), here.over(4)).map(_.toString))
    assert(here.table("bronze").size == 8)
  }

  proof("the same time is the same version", having("FullSnapshot", "Idempotent")) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val before = here.content()
    assert(here.plan(here.over(1)).map(_._2) == Seq("again"))
    assert(here.run(here.over(1)).exit == 0)
    assert(here.content() == before)
  }

  proof("a suspiciously small snapshot is refused until it is allowed", each) { here =>
    here.write("a", here.rows(10))
    here.run(here.over(1))
    val before = here.content()
    here.write("a", here.rows(4))
    val refused = here.run(here.over(2))
    val setting = s"PIPELINE_PIPELINES__${here.name.toUpperCase}__ALLOW_SMALL"
    assert(refused.exit == 1 && refused.log.contains(s"$setting=true"))
    assert(here.content() == before)
    assert(here.copy(settings = Map(setting -> "true")).run(here.over(3)).exit == 0)
    assert(here.silver() == Cells.ordered(here.rows(4)))
    here.write("a", here.rows(2))
    assert(here.run(here.over(4)).exit == 0, "a snapshot may shrink to the ratio")
  }

  proof("a version that failed is no news once a newer one ran", each) { here =>
    here.write("a", here.rows(4))
    here.run(here.over(1))
    here.write("a", here.rows(1))
    (2 to 5).foreach { day => // more often than a unit may fail before it is parked
      val result = here.run(here.over(day))
      assert(result.exit == 1 && result.facts("parked").arr.isEmpty)
      val failed = here.status(here.over(day))("failed").arr.map(_.str)
      assert(failed == Seq(Times.text(here.over(day))))
    }
    here.write("a", here.rows(4))
    assert(here.plan(here.over(6)).map(_._2) == Seq("new"), "old versions are not retried")
    assert(here.run(here.over(6)).exit == 0)
    assert(here.status(here.over(6))("failed").arr.isEmpty)
  }

  proof("neither an older version nor a backfill is read, and both say why", each) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(2))
    val before = here.content()
    assert(here.run(here.over(1)).exit == 2)
    val result = here.backfill(here.begin, here.over(2))
    assert(result.exit == 2 && result.log.contains("can't be read again"))
    assert(here.content() == before)
  }
}
