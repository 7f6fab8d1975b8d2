package clicks
package patterns

import java.nio.file.Files
import java.time.{Duration, LocalDateTime}
import java.util.concurrent.TimeUnit

import scala.util.Try

import Worlds._

/** Streaming: every file once, corrections in place of what they correct, nothing stops it. */
class StreamingTest extends Proofs {
  private val each = having("Streaming", "FileFeed")
  private val again = having("Streaming", "FileFeed", "Idempotent")
  private val now = LocalDateTime.of(2030, 1, 1, 0, 0)

  private def but(here: World, most: Int = 100, watermark: Int = 1) = here.extracting {
    case it: Streaming => it.copy(most = most, watermark = Duration.ofDays(watermark.toLong))
  }

  /** Whether gold counts each silver row once, on its day. */
  private def goldIsRight(here: World) = {
    val days = here.when.fold(here.silver().map(_ => ""))(when =>
      here.silver().map(_(when).toString.take(10))
    )
    val counted = here.table("gold").map(row => row.get("day").fold("")(_.toString) -> row("rows"))
    counted.toMap == days.groupMapReduce(identity)(_ => 1L)(_ + _)
  }

  private def without(here: World, file: String, window: Int) =
    here.write(file, here.rows(5, window), here.columns.init)

  proof("a file is taken once", each) { here =>
    val path = here.write("a", here.rows(5))
    assert(here.plan(now) == Seq("0-1" -> "new"))
    assert(here.run(now).exit == 0)
    Files.write(path, Files.readAllBytes(path))
    assert(here.plan(now).isEmpty)
    here.write("b", here.rows(5, window = 1))
    assert(here.plan(now) == Seq("1-2" -> "new"))
    assert(here.status(now)("files_waiting").num == 1)
    assert(here.run(now).facts("rows").num == 5)
    assert(here.silver() == Cells.ordered(here.rows(5) ++ here.rows(5, window = 1)))
    assert(goldIsRight(here))
  }

  proof("the size of batches makes no difference", each) { world =>
    (0 until 3).foreach { number =>
      world.write(s"f$number", world.rows(4, window = number) ++ world.rows(2, version = number))
    }
    val byOne = but(world.copyTo("one"), most = 1)
    val byTwo = but(world.copyTo("two"), most = 2)
    val done = Seq(world, byOne, byTwo).map(_.run(now).facts("done").num)
    assert(done == Seq(1, 3, 2))
    Seq("silver", "gold").foreach { table =>
      assert(
        Seq(byOne, byTwo).map(_.table(table).map(_ - "_unit")).distinct ==
          Seq(world.table(table).map(_ - "_unit"))
      )
    }
    assert(goldIsRight(world))
  }

  proof("a corrected file replaces what it corrects", each) { world =>
    val here = but(world, watermark = 9)
    here.write("a", here.rows(5) ++ here.rows(2, window = 3))
    here.write("b", here.rows(5, window = 1))
    here.run(now)
    val corrected = here.rows(5, version = 1).drop(2) ++ here.rows(2, window = 2)
    here.write("a", corrected)
    assert(here.run(now).exit == 0)
    assert(here.silver() == Cells.ordered(corrected ++ here.rows(5, window = 1)))
    assert(goldIsRight(here))
    assert(here.plan(now).isEmpty)
    here.write("a", Nil)
    here.run(now)
    assert(here.silver() == Cells.ordered(here.rows(5, window = 1)))
    assert(goldIsRight(here))
  }

  proof(
    "a failed batch goes on without a file that was replaced",
    having("Streaming", "FileFeed", "SelfHealing")
  ) { here =>
    here.write("a", here.rows(5))
    without(here, "b", window = 1)
    assert(here.run(now).exit == 1)
    assert(here.silver().isEmpty)
    here.write("b", here.rows(5, window = 1))
    here.write("c", here.rows(5, window = 2))
    assert(here.run(now).exit == 0)
    val all = here.rows(5) ++ here.rows(5, window = 1) ++ here.rows(5, window = 2)
    assert(here.silver() == Cells.ordered(all))
    assert(here.status(now)("failed").arr.isEmpty)
    assert(goldIsRight(here))
  }

  proof("a file that changes after it was listed fails, and comes with the next run", each) {
    world =>
      world.write("a", world.rows(5))
      val changing = world.extracting { case it: Streaming =>
        it.copy(feed = new Feed {
          def items(known: Map[(String, String), String]): Seq[Listed] = {
            val found = it.feed.items(known)
            world.write("a", world.rows(4))
            found
          }
          def stamps(): Map[String, String] = it.feed.stamps()
        })
      }
      val result = changing.run(now)
      assert(result.exit == 1 && result.log.contains("changed"))
      assert(world.silver().isEmpty)
      world.run(now)
      assert(world.silver() == Cells.ordered(world.rows(4)))
  }

  proof("a failed batch waits for a file that went, until it is told not to", again) { here =>
    here.write("a", here.rows(5))
    val path = without(here, "b", window = 1)
    here.run(now)
    Files.delete(path)
    here.run(now)
    assert(here.silver().isEmpty)
    assert(here.backfill(here.begin, here.end(9)).exit == 0)
    assert(here.silver() == Cells.ordered(here.rows(5)))
  }

  proof("poisoned rows do not stop the stream", spoilable("Streaming")) { here =>
    here.write("a", here.spoil(here.rows(40)) ++ here.rows(2, window = 1))
    val result = here.run(now)
    assert(result.exit == 0 && result.facts("rejected").num == 40)
    assert(here.silver() == Cells.ordered(here.rows(2, window = 1)))
  }

  proof("batches in any order give the same rows", again) { world =>
    val here = but(world, most = 1, watermark = 9)
    (0 until 3).foreach { number =>
      here.write(s"f$number", here.rows(3, version = number) ++ here.rows(2, window = number + 1))
    }
    here.run(now)
    here.write("f0", here.rows(4, version = 3))
    here.run(now)
    val before = here.content()
    Seq(2, 1).foreach { number =>
      here.backfill(here.end(number + 1), here.end(number + 2))
      assert(here.content() == before)
    }
    if (here.when.isDefined) assert(here.backfill(here.end(5), here.end(9)).exit == 2)
  }

  proof(
    "a batch is rebuilt without its files",
    having("Streaming", "FileFeed", "Idempotent", "MultiHop")
  ) { here =>
    val path = here.write("a", here.rows(5))
    here.write("b", here.rows(2, version = 1))
    here.run(now)
    val before = here.content()
    Files.delete(path)
    Seq(Nil, Seq("--rebuild")).foreach { options =>
      assert(here.backfill(here.begin, here.end(1), options: _*).exit == 0)
      assert(here.content() == before)
    }
  }

  proof("a run that follows takes what comes and ends in order when it is told", each) { here =>
    def becomes(rows: Seq[Row]) = {
      val last = System.nanoTime + Duration.ofMinutes(3).toNanos
      def shown = Try(here.silver()).toOption.contains(Cells.ordered(rows)) // files may be replaced
      while (!shown && System.nanoTime < last) Thread.sleep(200)
      assert(here.silver() == Cells.ordered(rows))
    }
    here.write("a", here.rows(5))
    Processes.during(here, "run", here.name, "--follow", "0.2") { process =>
      becomes(here.rows(5))
      here.write("b", here.rows(5, window = 1))
      becomes(here.rows(5) ++ here.rows(5, window = 1))
      process.destroy() // SIGTERM
      assert(process.waitFor(1, TimeUnit.MINUTES) && process.exitValue == 0)
    }
    assert(here.plan(now).isEmpty && here.status(now)("failed").arr.isEmpty)
    here.write("c", here.rows(5, window = 2))
    assert(here.run(now).facts("done").num == 1)
    assert(here.silver() == Cells.ordered((0 until 3).flatMap(here.rows(5, _))))
    assert(goldIsRight(here))
  }

  proof(
    "a killed run loses and doubles nothing",
    having("Streaming", "FileFeed").filter(rewriting.contains)
  ) { here =>
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window = 1))
    here.run(now)
    val before = here.content()
    here.write("a", here.rows(5, version = 1).drop(2)) // corrected, and two rows are gone
    here.write("c", here.rows(5, window = 2))
    val neverKilled = here.copyTo("never")
    assert(neverKilled.run(now).exit == 0)
    val after = neverKilled.content()
    assert(before != after)
    val killings = Seq(1, 3).map { files =>
      val killed = here.copyTo(s"killed$files")
      val run = Seq("run", here.name, "--as-of", core.Times.text(now))
      val inTime = Processes.killed(killed, files)(run: _*)
      assert(killed.run(now).exit == 0)
      assert(killed.content() == after)
      inTime
    }
    assert(killings.contains(true)) // a sink may have one commit for all
  }
}
