package sources

import java.time.LocalDateTime

import core.Times
import patterns.Pairs
import patterns.Pairs.refused
import Worlds._

/** Published: a consumer reads what is ready, once, and again when its producer did it again. */
class PublishedTest extends Proofs {
  private val each = having("Disconnected")

  proof("what is published arrives and is read once", each) { world =>
    val (here, consumer) = Pairs.of(world)
    assert(consumer.run(here.over(2)).exit == 0)
    assert(here.silver() == Cells.ordered(here.rows(5) ++ here.rows(5, window = 1)))
    assert(consumer.silver() == here.silver())
    assert(consumer.plan(here.over(2)).isEmpty)
  }

  proof("what was not published yet is not ready", each) { here =>
    val consumer = Pairs.consumer(here)
    val result = consumer.run(here.over(1))
    assert(result.exit == 4 && result.log.contains("not ready"))
    assert(consumer.status(here.over(1))("source").str.contains("nothing yet"))
  }

  proof("stale data is not ready until the producer brings more", each) { world =>
    val (here, consumer) = Pairs.of(world)
    consumer.run(here.over(2))
    val late = here.over(2).plus(here.pipeline.contract.freshness.multipliedBy(2))
    if (here.when.isEmpty) // then it is as old as the producer's last success
      refused(consumer, LocalDateTime.of(2100, 1, 1, 0, 0), 4, "stale")
    else {
      refused(consumer, late, 4, "stale")
      val number = java.time.Duration.between(here.begin, late).dividedBy(here.length).toInt
      here.write("new", here.rows(3, number - 1))
      assert(here.run(late.plus(here.length)).exit == 0)
      assert(consumer.run(late).exit == 0)
      assert(consumer.silver() == here.silver())
    }
  }

  proof("what the producer did again replaces what was read", again) { world =>
    val (here, consumer) = Pairs.of(world)
    assert(consumer.run(here.over(2)).exit == 0)
    assert(correct(here) == 0)
    assert(consumer.silver() != here.silver())
    assert(consumer.run(here.over(2)).exit == 0)
    assert(consumer.silver() == here.silver())
    assert(consumer.table("gold").map(_("rows").asInstanceOf[Long]).sum == here.silver().size)
  }

  proof("a consumer that is killed shows old rows or new ones, and heals", again) { world =>
    val (here, consumer) = Pairs.of(world)
    assert(consumer.run(here.over(2)).exit == 0)
    val before = consumer.content()
    assert(correct(here) == 0)
    val never = Pairs.consumer(here.copyTo("never"))
    assert(never.run(here.over(2)).exit == 0)
    val after = never.content()
    assert(before != after)
    val redo = Seq("run", consumer.name, "--as-of", Times.text(here.over(2)))
    Seq(1, 3).foreach { step =>
      val killed = Pairs.consumer(here.copyTo(s"killed-$step"))
      Processes.killed(killed, step)(redo: _*)
      killed.content().foreach { case (name, rows) =>
        assert(rows == before(name) || rows == after(name), s"$name, killed at step $step")
      }
      assert(killed.run(here.over(2)).exit == 0)
      assert(killed.content() == after, s"killed at step $step")
    }
  }

  /** Corrects the source, where one row is gone, and lets the producer follow. */
  private def correct(here: World) = {
    here.write("w0", here.rows(5, version = 1).tail)
    here.again(2).exit
  }

  private def again = each.filter(rewriting.toSet)
}
