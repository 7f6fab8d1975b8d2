package bank
package patterns

import java.time.{Duration, LocalDateTime}

import Worlds._

/** Lateness: decided in the order of offsets, once. */
class LatenessTest extends Proofs {
  private val each = having("Streaming", "FileFeed").filter(timed)
  private val now = LocalDateTime.of(2030, 1, 1, 0, 0)

  private def but(here: World, most: Int, watermark: Int = 1) = here.extracting {
    case it: Streaming => it.copy(most = most, watermark = Duration.ofDays(watermark.toLong))
  }

  proof("events within the watermark are fine, and later ones go to quarantine", each) { world =>
    val here = but(world, most = 1, watermark = 3)
    here.write("a", here.rows(3, window = 9))
    here.write("b", here.rows(3, window = 2) ++ here.rows(3, window = 7))
    here.write("c", here.rows(40, window = 3))
    assert(here.run(now).exit == 0)
    assert(here.silver() == Cells.ordered(here.rows(3, window = 9) ++ here.rows(3, window = 7)))
    val reasons = here.table("quarantine").map(_("reason").toString)
    assert(reasons.size == 43 && reasons.forall(_.startsWith("late: ")))
  }

  proof("what is late depends on the order of files alone", each) { world =>
    Seq(5, 1, 7, 3).zipWithIndex.foreach { case (window, number) =>
      world.write(s"f$number", world.rows(3, window) ++ world.rows(1, window + 5))
    }
    val oneByOne = but(world.copyTo("other"), most = 1)
    world.run(now)
    oneByOne.run(now)
    assert(world.table("quarantine").nonEmpty)
    assert(world.silver() == oneByOne.silver())
    val before = world.content()
    if (having("Idempotent").contains(world.name)) {
      assert(world.backfill(world.begin, world.end(40)).exit == 0)
      assert(world.content() == before)
    }
  }

  proof("a corrected file is no later than what it corrects", each) { here =>
    here.write("a", here.rows(3))
    here.write("b", here.rows(3, window = 9))
    here.run(now)
    here.write("a", here.rows(2))
    here.run(now)
    assert(here.silver() == Cells.ordered(here.rows(2) ++ here.rows(3, window = 9)))
    assert(here.table("quarantine").isEmpty)
  }

  proof("a poisoned row does not make others late", each.filter(spoilable("Streaming").contains)) {
    here =>
      here.write("a", here.spoil(here.rows(1, window = 30)) ++ here.rows(2))
      here.write("b", here.rows(2, window = 1))
      here.run(now)
      assert(here.silver() == Cells.ordered(here.rows(2) ++ here.rows(2, window = 1)))
  }
}
