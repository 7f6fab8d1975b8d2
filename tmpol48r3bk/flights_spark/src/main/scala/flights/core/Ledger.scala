package flights
package core

import java.time.LocalDateTime

import upickle.default.{ReadWriter, macroRW, readwriter}
import upickle.implicits.{key, serializeDefaults}

import Times.times

/** How an attempt at a unit ended. */
sealed abstract class Status(val name: String)
object Status {
  case object Done extends Status("done")
  case object Failed extends Status("failed")
  case object Parked extends Status("parked")

  implicit val json: ReadWriter[Status] =
    readwriter[String].bimap(_.name, name => Seq(Done, Failed, Parked).find(_.name == name).get)
}

/** One attempt at one unit. Times are in UTC; `detail` is what the patterns remember. */
@serializeDefaults(true)
final case class Entry(
    pipeline: String,
    unit: String,
    status: Status,
    attempt: Int, // 1, 2, … since the unit last succeeded
    run: String,
    started: LocalDateTime,
    finished: LocalDateTime,
    rows: Long = 0,
    rejected: Long = 0,
    @key("first_event") firstEvent: Option[LocalDateTime] = None,
    @key("last_event") lastEvent: Option[LocalDateTime] = None,
    detail: Map[String, ujson.Value] = Map.empty,
    error: String = ""
)

object Entry {
  implicit val json: ReadWriter[Entry] = macroRW
}

/** What the ledger knows of one pipeline: the newest entry, and the newest success, by unit.
  *
  * A unit that a later one `supersedes` can't be done any more, so its failure is no news.
  */
final case class History(latest: Map[String, Entry], done: Map[String, Entry]) {

  /** How the newest attempt at a unit ended, if there was one. */
  def status(unit: String): Option[Status] = latest.get(unit).map(_.status)

  /** Failed attempts since the unit last succeeded. */
  def failures(unit: String): Int =
    latest.get(unit).filter(_.status != Status.Done).fold(0)(_.attempt)

  /** The units whose newest attempt ended so. */
  def units(status: Status): Seq[String] =
    latest.collect { case (unit, entry) if entry.status == status => unit }.toSeq.sorted

  private def and(entry: Entry) = {
    val over = entry.detail.get("supersedes").fold(Seq.empty[String])(_.arr.map(_.str).toSeq)
    val succeeded = if (entry.status == Status.Done) Some(entry.unit -> entry) else None
    History(latest -- over + (entry.unit -> entry), done ++ succeeded)
  }
}

object History {
  val empty: History = History(Map.empty, Map.empty)

  def apply(oldestFirst: Iterable[Entry]): History = oldestFirst.foldLeft(empty)(_.and(_))
}
