package bank
package sources

import java.time.{Duration, LocalDateTime}

import core._
import patterns.{Listed, Streaming}
import Worlds._

class KafkaFeedTest extends Proofs {
  private val each = having("KafkaFeed")
  private val now = LocalDateTime.of(2030, 1, 1, 0, 0)

  private def known(listed: Seq[Listed]) = listed.map(one => (one.file, one.stamp) -> one.content)

  private def feed(partitions: Int = 1) =
    KafkaFeed(KafkaConnection(KafkaServer.bootstrap), KafkaServer.topic(partitions), most = 2)

  test("ranges follow one another, whatever comes between, and partitions take turns") {
    val made = feed(2)
    KafkaServer.send(made.topic, Seq.fill(3)("{}"))
    KafkaServer.send(made.topic, Seq.fill(1)("{}"), partition = 1)
    val first = made.items(Map.empty)
    def messages(partition: Int, from: Long, until: Long) =
      Messages(made.topic, partition, from, until).name
    assert(first.map(_.file) == Seq(messages(0, 0, 2), messages(1, 0, 1), messages(0, 2, 3)))
    KafkaServer.send(made.topic, Seq.fill(1)("{}"))
    val later = made.items(known(first).toMap)
    assert(later.map(_.file).diff(first.map(_.file)) == Seq(messages(0, 3, 4)))
    assert(made.stamps().keySet == later.map(_.file).toSet)
  }

  test("messages that are gone before they were read are an error, unless that is accepted") {
    val made = feed()
    KafkaServer.send(made.topic, Seq.fill(2)("{}"))
    val first = known(made.items(Map.empty)).toMap
    KafkaServer.send(made.topic, Seq.fill(4)("{}"))
    KafkaServer.forget(made.topic, 4)
    assert(intercept[Failed](made.items(first)).message.contains("begins at 4, and was read to 2"))
    val accepted = made.copy(allowLost = true).items(first)
    assert(accepted.map(_.file) == Seq(Messages(made.topic, 0, 4, 6).name))
  }

  proof("a message is taken once", each) { here =>
    here.write("a", here.rows(5))
    val first = here.run(now)
    assert(first.facts("rows").num == 5, first.log)
    assert(here.plan(now).isEmpty)
    here.write("b", here.rows(5, window = 1))
    assert(here.plan(now).map(_._2) == Seq("new"))
    assert(here.run(now).facts("rows").num == 5)
    assert(here.silver() == Cells.ordered(here.rows(5) ++ here.rows(5, window = 1)))
  }

  proof("the newest message of a key wins, whatever batches it came in", each.filter(keyed)) {
    world =>
      val other = world.copyTo("other")
      Seq(1, 2, 3).foreach { version =>
        world.write("a", world.rows(6 - version, version = version))
        assert(world.run(now).exit == 0)
      }
      assert(but(other, most = 1).run(now).exit == 0)
      val newest = (1 to 3).map(version => world.rows(6 - version, version = version))
      val keys = newest.flatten.groupBy(row => world.key.map(row)).values.map(_.last).toSeq
      Seq(world, other).foreach(here => assert(here.silver() == Cells.ordered(keys)))
  }

  proof("a partition that lags behind another is not late", each.filter(timed)) { here =>
    data(here).send(here.rows(4, window = 30), here.columns)
    assert(here.run(now).exit == 0)
    data(here).send(here.rows(4), here.columns, partition = 1)
    data(here).send(here.rows(4, window = 31), here.columns)
    assert(here.run(now).exit == 0)
    val all = Seq(30, 0, 31).flatMap(here.rows(4, _))
    assert(here.silver() == Cells.ordered(all))
    assert(here.table("quarantine").isEmpty)
  }

  proof("what is late in a partition does not depend on where batches end", each.filter(timed)) {
    world =>
      val (byOne, byBatch) = (but(world.copyTo("one"), most = 1), world.copyTo("batch"))
      Seq(5, 2, 6).foreach { window =>
        world.write("a", world.rows(2, window) ++ world.rows(1, window + 4))
        data(world).send(world.rows(1, window + 20), world.columns, partition = 1)
        assert(byBatch.run(now).exit == 0)
      }
      Seq(world, byOne).foreach(here => assert(here.run(now).exit == 0))
      assert(world.table("quarantine").nonEmpty && world.silver().nonEmpty)
      Seq(byOne, byBatch).foreach { here =>
        assert(here.silver() == world.silver())
        assert(late(here) == late(world))
      }
      if (having("Idempotent").contains(world.name)) {
        val before = byBatch.content()
        assert(byBatch.backfill(world.begin, world.end(40)).exit == 0)
        assert(byBatch.content() == before)
      }
  }

  proof("a stream that is killed and started again loses and doubles nothing", each) { here =>
    here.write("a", here.rows(50))
    assert(here.run(now).exit == 0)
    here.write("b", here.rows(50, window = 1) ++ here.rows(10, version = 1))
    val killed = Seq("run", here.name, "--as-of", Times.text(now)) // ends, if it has fewer steps
    val run = Processes.points(3, telling = Seq(1, 3, 2)).map { step =>
      val other = here.copyTo(s"killed $step")
      Processes.killed(other, step)(killed: _*) -> other
    }
    assert(run.exists(_._1))
    val never = here.copyTo("never")
    assert(never.run(now).exit == 0)
    assert(never.silver().map(row => here.key.map(row)).distinct.size == 100)
    run.foreach { case (_, other) =>
      assert(other.run(now).exit == 0)
      assert(other.content().map(withoutUnits) == never.content().map(withoutUnits))
      assert(other.table("gold").map(_("rows").asInstanceOf[Long]).sum == other.silver().size)
    }
  }

  private def withoutUnits(table: (String, Seq[Row])) =
    table._1 -> Cells.ordered(table._2.map(_ - "_unit"))

  private def data(here: World) = here.data match {
    case data: KafkaData => data
    case other           => fail(s"$other is no topic")
  }

  private def late(here: World) =
    here.table("quarantine").map(row => row("reason") -> row("content")).toSet

  /** The same world, whose ranges are so small. */
  private def but(here: World, most: Int) = here.extracting { case it: Streaming =>
    val feed = it.feed match {
      case feed: KafkaFeed => feed.copy(most = most)
      case other           => other
    }
    it.copy(feed = feed, watermark = Duration.ofDays(1))
  }

  test("what was read of another topic is none of this one's") {
    val made = feed()
    KafkaServer.send(made.topic, Seq.fill(2)("{}"))
    val other = Listed(Messages(s"${made.topic}-2", 0, 0, 9).name, "", "")
    val found = made.items(known(Seq(other)).toMap).map(_.file)
    assert(found == Seq(Messages(made.topic, 0, 0, 2).name))
  }

  test("a topic that was made anew is an error") {
    val made = feed()
    val other = Listed(Messages(made.topic, 0, 0, 9).name, "", "")
    assert(intercept[Failed](made.items(known(Seq(other)).toMap)).message.contains("made anew"))
  }
}
