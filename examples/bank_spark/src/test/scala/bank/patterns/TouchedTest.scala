package bank
package patterns

import java.time.{Duration, LocalDateTime}

import core._
import Worlds._

/** Touched rows: a batch computes again what it changes, and nothing else. */
class TouchedTest extends Proofs {
  private val each = having("Streaming", "FileFeed")
  private val now = LocalDateTime.of(2030, 1, 1, 0, 0)

  proof("other keys and days are left alone", each.filter(timed)) { here =>
    here.write("a", here.rows(3))
    here.run(now)
    here.pipeline.sink.open(here.pipeline, Commands.spark, write = true) { store =>
      store.transact(Commands.spark) { into =>
        Seq("silver", "gold").map(here.pipeline.contract.tables).foreach { table =>
          into.replace(table, Rows.all, into.table(table.name).limit(0))
        }
        Nil
      }
    }
    here.write("b", here.rows(3, window = 1))
    here.run(now)
    assert(here.silver() == Cells.ordered(here.rows(3, window = 1)))
    assert(here.table("gold").map(_("rows")) == Seq(3L))
  }

  proof("a day that rows left is computed again", each.filter(timed)) { here =>
    here.write("a", here.rows(3) ++ here.rows(2, window = 1))
    here.run(now)
    here.write("a", here.rows(3))
    here.run(now)
    assert(here.table("gold").map(_("rows")) == Seq(3L))
  }

  proof("versions of a key follow the order of offsets", each.filter(keyed)) { world =>
    val here = world.extracting { case it: Streaming => it.copy(most = 1) }
    here.write("b", here.rows(4, version = 1))
    here.run(now)
    here.write("a", here.rows(4, version = 2).take(3))
    here.run(now)
    val expected = here.rows(4, version = 2).take(3) ++ here.rows(4, version = 1).drop(3)
    assert(here.silver() == Cells.ordered(expected))
  }

  proof(
    "a row that was replaced comes back when the newer one goes",
    having("Streaming", "FileFeed", "MultiHop").filter(keyed)
  ) { world =>
    val here = world.extracting { case it: Streaming =>
      it.copy(watermark = Duration.ofDays(9))
    }
    here.write("a", here.rows(5))
    val moved = (0 until 5).map(here.row(_, here.end(4), version = 1)) // to another day
    here.write("b", moved ++ here.rows(3, window = 1))
    here.run(now)
    here.write("b", here.rows(3, window = 1))
    here.run(now)
    assert(here.silver() == Cells.ordered(here.rows(5) ++ here.rows(3, window = 1)))
    assert(here.table("gold").map(_("rows").asInstanceOf[Long]).sum == 8)
  }
}
