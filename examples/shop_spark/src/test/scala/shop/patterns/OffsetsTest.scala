package shop
package patterns

import java.time.LocalDateTime

import org.scalatest.funsuite.AnyFunSuite

import core._

/** Offsets: what is an item, and what becomes of one whose content is replaced. */
class OffsetsTest extends AnyFunSuite {
  private val start = LocalDateTime.of(2025, 1, 1, 0, 0)

  private def listed(files: (String, String)*) = files.map { case (file, content) =>
    Listed(file, content, s"stamp of $content")
  }

  private def entry(status: Status, items: Seq[Item]) = {
    val unit = Item.unit(items)
    Entry("p", unit.key, status, 1, "run", start, start, detail = unit.detail)
  }

  private def line(entries: Seq[Entry], now: (String, String)*) =
    Line(History(entries), _ => listed(now: _*))

  private def names(items: Seq[Item]) = items.map(item => item.at -> item.file)

  private val a = Item(0, "a", "one", "stamp of one")
  private val b = Item(1, "b", "two", "stamp of two")

  test("of two new files with the same content one is taken") {
    assert(names(line(Nil, "a" -> "one", "b" -> "one").arrivals) == Seq(0L -> "a"))
  }

  test("content under another name is none, but content that comes back is") {
    val done = Seq(entry(Status.Done, Seq(a)))
    assert(line(done, "a" -> "one", "copy" -> "one").arrivals.isEmpty)
    assert(line(done, "renamed" -> "one").arrivals.isEmpty)
    assert(names(line(done, "a" -> "two").arrivals) == Seq(1L -> "a"))
    val replaced = done :+ entry(Status.Done, Seq(a.copy(at = 1, content = "two")))
    assert(names(line(replaced, "a" -> "one").arrivals) == Seq(2L -> "a"))
  }

  test("a rotated file is old content under a new name, and new content under the old one") {
    val done = Seq(entry(Status.Done, Seq(a)))
    assert(names(line(done, "a" -> "two", "b" -> "one").arrivals) == Seq(1L -> "a", 2L -> "b"))
  }

  test("a batch keeps its items when others come before it is done") {
    val failed = Seq(entry(Status.Failed, Seq(b.copy(at = 0))))
    val now = line(failed, "a" -> "one", "b" -> "two")
    assert(names(now.arrivals) == Seq(1L -> "a"))
    val unit = now.having(now.arrivals).onceMore(Seq(b.copy(at = 0)), withoutGone = false)
    assert(unit.key == "0-1" && Item.lost(Item.of(unit.detail)).isEmpty)
  }

  test("an item is lost to its batch once it is replaced, or moved before it was published") {
    val failed = Seq(entry(Status.Failed, Seq(a, b)))
    def lost(now: (String, String)*) = {
      val there = line(failed, now: _*)
      Item.lost(
        Item.of(there.having(there.arrivals).onceMore(Seq(a, b), withoutGone = false).detail)
      )
    }
    assert(lost("a" -> "one", "b" -> "two").isEmpty)
    assert(lost("a" -> "one", "b" -> "three") == Seq("b"))
    assert(lost("a" -> "one", "c" -> "two") == Seq("b"))
    assert(lost("a" -> "one").isEmpty, "what went may come back")
  }

  test("a stamp tells of the content that it was seen with, also when that is replaced") {
    val there = line(Seq(entry(Status.Failed, Seq(a))), "a" -> "two")
    val unit = there.having(there.arrivals).onceMore(Seq(a), withoutGone = false)
    assert(Item.of(unit.detail) == Seq(a.copy(lost = true)))
  }

  test("a batch goes on without what is gone only if it is told so") {
    val there = line(Seq(entry(Status.Done, Seq(a, b))), "a" -> "one")
    val gone = Seq(true, false).map(there.onceMore(Seq(a, b), _).range)
    assert(gone == Seq(Offsets(0, 2, Set("b")), Offsets(0, 2)))
  }

  test("what went before it was published is new when it comes back") {
    val left = line(Seq(entry(Status.Failed, Seq(a, b))), "a" -> "one")
    val unit = left.onceMore(Seq(a, b), withoutGone = true)
    assert(unit.range == Offsets(0, 2) && Item.lost(Item.of(unit.detail)) == Seq("b"))
    val done = Seq(entry(Status.Done, Item.of(unit.detail)))
    assert(names(line(done, "a" -> "one", "b" -> "two").arrivals) == Seq(2L -> "b"))
  }

  test("the ledger gives back what it was told") {
    val judged = b.copy(newest = Some("2025-01-01 00:00:00"), after = Some(None))
    val items = Seq(a, judged, a.copy(at = 2, lost = true))
    assert(Item.of(Item.detail(items)) == items)
    assert(a.json.render() == """{"at":0,"file":"a","content":"one","stamp":"stamp of one"}""")
    assert(judged.json("after") == ujson.Null)
  }
}
