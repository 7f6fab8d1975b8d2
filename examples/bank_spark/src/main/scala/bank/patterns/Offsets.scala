package bank
package patterns

import core._

/** What a feed has now: one content of one file. */
final case class Listed(file: String, content: String, stamp: String)

/** A source that grows, as items in a stable order. */
trait Feed {

  /** All that is there; `known` has contents by file and stamp, so that few are read again. */
  def items(known: Map[(String, String), String]): Seq[Listed]

  /** The stamps of all files that are there. */
  def stamps(): Map[String, String]

  /** Items of one lane follow one another in time; other lanes may be far ahead, or behind. */
  def lane(file: String): String = ""

  /** Whether the rows of an item came one after another, as `_row` says, or all at once. */
  def ordered: Boolean = false
}

/** One content of one file, at its place `at`.
  *
  * Content that replaces another is a new item, so that it comes even while a batch with the old
  * content is stuck, and is `lost` to that batch. So is what went before it was published, if the
  * batch is done without it: should it come back, it is a new item. Once it was judged, `newest` is
  * its own newest event time, and `after` that of all items of its lane before it, which decides
  * what of it is late.
  */
final case class Item(
    at: Long,
    file: String,
    content: String,
    stamp: String,
    lost: Boolean = false,
    newest: Option[String] = None,
    after: Option[Option[String]] = None
) {

  /** As the ledger keeps it. */
  def json: ujson.Obj = {
    def text(value: Option[String]) = value.fold[ujson.Value](ujson.Null)(ujson.Str(_))
    val seen =
      ujson.Obj("at" -> at.toDouble, "file" -> file, "content" -> content, "stamp" -> stamp)
    val judged = after.toSeq.flatMap(top => Seq("newest" -> text(newest), "after" -> text(top)))
    ujson.Obj.from(seen.value.toSeq ++ Option.when(lost)("lost" -> ujson.True) ++ judged)
  }
}

object Item {

  /** The items of a unit, from what the ledger keeps of it. */
  def of(detail: Map[String, ujson.Value]): Seq[Item] = detail("items").arr.toSeq.map { item =>
    Item(
      at = item("at").num.toLong,
      file = item("file").str,
      content = item("content").str,
      stamp = item("stamp").str,
      lost = item.obj.contains("lost"),
      newest = item.obj.get("newest").flatMap(_.strOpt),
      after = item.obj.get("after").map(_.strOpt)
    )
  }

  /** The files of items that were replaced, or went before they were published. */
  def lost(items: Seq[Item]): Seq[String] = items.filter(_.lost).map(_.file)

  def detail(items: Seq[Item]): Map[String, ujson.Value] =
    Map("items" -> ujson.Arr.from(items.map(_.json)))

  /** The unit of items that follow one another, without the files that are `gone`. */
  def unit(items: Seq[Item], gone: Set[String] = Set.empty): WorkUnit =
    WorkUnit(Offsets(items.head.at, items.last.at + 1, gone), detail(items))
}

/** All items that were ever seen, in order; the places of those that are published; and what the
  * feed has now.
  */
final case class Line(items: Seq[Item], published: Set[Long], found: Seq[Listed]) {
  private val last = items.filterNot(_.lost).map(item => item.file -> item).toMap
  private val now = found.map(one => one.file -> one).toMap

  /** The last item of each file that is not lost. */
  def newest: Seq[Item] = last.values.toSeq

  /** These items as they are in the line. */
  def at(some: Seq[Item]): Seq[Item] = {
    val places = some.map(_.at).toSet
    items.filter(item => places(item.at))
  }

  /** The items of a batch. */
  def within(range: Offsets): Seq[Item] =
    items.filter(item => item.at >= range.from && item.at < range.to)

  /** The same line with these items in their places. */
  def having(some: Seq[Item]): Line = {
    val places = some.map(_.at).toSet
    copy(items = (items.filterNot(item => places(item.at)) ++ some).sortBy(_.at))
  }

  /** New items, in the order of the feed. Known content under a second name is none. */
  def arrivals: Seq[Item] = {
    val here = newest.filter { item =>
      now.get(item.file).fold(published(item.at))(_.content == item.content)
    }
    val end = items.lastOption.fold(0L)(_.at + 1)
    val (_, coming) = found.foldLeft((here.map(_.content).toSet, Vector.empty[Item])) {
      case ((here, coming), one) =>
        val known = last.get(one.file).fold(here(one.content))(_.content == one.content)
        val item = Item(end + coming.size, one.file, one.content, one.stamp)
        if (known) (here, coming) else (here + one.content, coming :+ item)
    }
    coming
  }

  /** A batch with what is left of its items. It waits for files that went, but were not replaced.
    */
  def onceMore(before: Seq[Item], withoutGone: Boolean): WorkUnit = {
    val contents = found.map(_.content).toSet
    val items = before.map { item =>
      val there = now.get(item.file)
      val went = there.isEmpty && !published(item.at) && (withoutGone || contents(item.content))
      val lost = item.lost || last(item.file).at != item.at || went
      if (lost) item.copy(lost = true) // under the stamp that its own content had
      else item.copy(stamp = there.fold(item.stamp)(_.stamp))
    }
    val gone = items.filter(item => !item.lost && !now.contains(item.file)).map(_.file).toSet
    Item.unit(items, if (withoutGone) gone else Set.empty)
  }
}

object Line {

  /** The line as the ledger has it, with what the feed has now. */
  def apply(history: History, feed: Map[(String, String), String] => Seq[Listed]): Line = {
    val items = history.latest.values.flatMap(entry => Item.of(entry.detail)).toSeq.sortBy(_.at)
    val done = history.done.values.flatMap(entry => Item.of(entry.detail)).filterNot(_.lost)
    val known = items.map(item => (item.file, item.stamp) -> item.content).toMap
    Line(items, done.map(_.at).toSet, feed(known))
  }
}
