package sources

import org.scalatest.funsuite.AnyFunSuite

import core._
import patterns.Listed

class KafkaFeedTest extends AnyFunSuite {
  private def known(listed: Seq[Listed]) = listed.map(one => (one.file, one.stamp) -> one.content)

  private def feed(partitions: Int = 1) =
    KafkaFeed(KafkaConnection(KafkaServer.bootstrap), KafkaServer.topic(partitions), most = 2)

  test("ranges follow one another, whatever comes between, and partitions take turns") {
    val made = feed(2)
    KafkaServer.send(made.topic, Seq.fill(3)("{}"))
    KafkaServer.send(made.topic, Seq.fill(1)("{}"), partition = 1)
    val first = made.items(Map.empty)
    assert(
      first.map(_.file.split("-", -1).takeRight(2).mkString("-")) == Seq("0:0-2", "1:0-1", "0:2-3")
    )
    KafkaServer.send(made.topic, Seq.fill(1)("{}"))
    val later = made.items(known(first).toMap)
    assert(later.map(_.file).diff(first.map(_.file)) == Seq(Messages(made.topic, 0, 3, 4).name))
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

  test("a topic that was made anew is an error") {
    val made = feed()
    val other = Listed(Messages(made.topic, 0, 0, 9).name, "", "")
    assert(intercept[Failed](made.items(known(Seq(other)).toMap)).message.contains("made anew"))
  }
}
