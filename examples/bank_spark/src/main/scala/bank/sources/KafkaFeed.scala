package bank
package sources

import scala.collection.concurrent.TrieMap

import core._
import patterns.{Feed, Listed}

/** A topic as a feed: its items are ranges of at most `most` messages of one partition.
  *
  * The ledger knows which ranges there were, so the next one begins where the last one ended. What
  * the broker no longer has of it was lost, which is an error unless it is accepted.
  */
final case class KafkaFeed(
    connection: KafkaConnection,
    topic: String,
    most: Int,
    allowLost: Boolean = false
) extends Feed {
  override def lane(file: String): String = s"$topic-${Messages.parse(file).partition}"
  override def ordered: Boolean = true

  private val listed = TrieMap.empty[String, Messages]

  def items(known: Map[(String, String), String]): Seq[Listed] = {
    val now = connection.offsets(topic)
    val every = known.keys.map { case (name, _) => Messages.parse(name) }.toSeq
    val seen = every.filter(_.topic == topic)
    val coming = now.toSeq.sortBy(_._1).map { case (partition, (oldest, end)) =>
      val before = seen.filter(_.partition == partition).map(_.until).maxOption
      Messages(topic, partition, start(partition, before, oldest, end), end).pieces(most)
    }
    val turns = coming.flatMap(_.zipWithIndex).sortBy(_._2).map(_._1) // no partition waits
    val here = seen.filter(one => now.get(one.partition).exists(_._1 <= one.from)) ++ turns
    here.foreach(one => listed(one.name) = one)
    here.map(one => Listed(one.name, one.name, one.name))
  }

  /** Of what was listed, what the broker still has. */
  def stamps(): Map[String, String] = {
    val now = connection.offsets(topic)
    val here = listed.values.filter(one => now.get(one.partition).exists(_._1 <= one.from))
    here.map(one => one.name -> one.name).toMap
  }

  private def start(partition: Int, before: Option[Long], oldest: Long, end: Long) = before match {
    case Some(last) if last > end =>
      throw Failed(
        s"$topic-$partition ends at $end, and was read to $last: it was made anew. Give the new " +
          "topic another name, or begin with an empty sink."
      )
    case Some(last) if last < oldest && !allowLost =>
      throw Failed(
        s"$topic-$partition begins at $oldest, and was read to $last: the messages between are no " +
          "longer kept, and lost. To go on without them, run once with allow_lost: true in the " +
          "pipeline's settings."
      )
    case other => other.fold(oldest)(_.max(oldest))
  }
}
