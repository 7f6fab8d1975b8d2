package shop
package patterns

import core.{History, Times}
import Worlds._

/** Windows of event time: half-open, each done when it is over, whatever the order or the chunks.
  */
class WindowsTest extends Proofs {
  proof("a row on a bound belongs to the window that begins there", windowed()) { here =>
    val rows = (0 until 3).map(n => here.row(n, here.end(n)))
    here.write("a", rows)
    assert(here.run(here.over(2)).exit == 0)
    assert(here.silver() == Cells.ordered(rows.take(2)))
  }

  proof("a window that is not over is not read", windowed()) { here =>
    here.write("a", here.rows(5))
    val early = here.over(1).minusSeconds(1)
    val result = here.run(early)
    assert(result.exit == 0 && result.facts("done").num == 0)
    val ever = here.backfilling(here.begin, here.end(9))
    val again = here.command(ever.init :+ Times.text(early): _*)
    assert(again.exit == 2 && again.log.contains("there is no unit in"), again.log)
    assert(here.silver().isEmpty)
  }

  proof("an empty window is done, and clears what was there", cleared) { here =>
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window = 1))
    here.run(here.over(2))
    here.write("a", Nil)
    val result = here.backfill(here.begin, here.end(1))
    assert(result.exit == 0 && result.facts("rows").num == 0)
    assert(here.silver() == Cells.ordered(here.rows(5, window = 1)))
    val days = here.table("gold").map(_("day"))
    assert(days == days.distinct)
  }

  proof("chunks and order make no difference", windowed()) { here =>
    (0 until 4).foreach(window => here.write(s"w$window", here.rows(4, window)))
    val oneByOne = here.copyTo("other").but(_.copy(chunk = 1))
    here.run(here.over(4))
    (3 to 0 by -1).foreach { window =>
      assert(oneByOne.backfill(here.end(window), here.end(window + 1)).exit == 0)
    }
    assert(here.content() == oneByOne.content())
    assert(here.silver() == Cells.ordered((0 until 4).flatMap(here.rows(4, _))))
  }

  proof("a source that fails leaves the sink as it was", windowed()) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val before = here.content()
    here.write("b", here.rows(5, window = 1))
    assert(here.from(new Failing(Set(here.end(1)))(_)).run(here.over(2)).exit == 1)
    assert(here.content() == before)
  }

  private def cleared = windowed("Idempotent").intersect(mutable())

  proof("windows of another length are refused", windowed()) { here =>
    val units = here.pipeline.extraction.plan(here.over(3), History.empty).map(_.unit.key)
    val other = units.head.split("/").head + "/" + units(1).split("/").last
    assert(units.forall(here.pipeline.extraction.owns))
    assert(!here.pipeline.extraction.owns(other), "its rows would be owned twice")
  }
}
