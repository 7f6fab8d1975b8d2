package shop
package patterns

import java.time.{LocalDate, LocalDateTime}

import Worlds._

/** Lookback: the last windows again on each run, each row once, trailing numbers always right. */
class LookbackTest extends Proofs {
  private val each = having("Lookback")
  private val changing = mutable("Lookback")

  private def lookback(here: World) = here.pipeline.extraction match {
    case it: Lookback => it
    case other        => fail(s"no lookback: $other")
  }

  /** Fewer windows, so that the proofs are quick. */
  private def few(here: World) = here.extracting { case it: Lookback => it.copy(windows = 2) }

  /** The same world, with some rows in each of so many windows, all of them done. */
  private def filled(here: World, count: Int, skipped: Set[Int] = Set.empty) = {
    (0 until count).filterNot(skipped).foreach { window =>
      here.write(s"w$window", here.rows(2 + window % 3, window))
    }
    assert(here.run(here.over(count)).exit == 0)
    here
  }

  /** The rows of gold that are not what silver says, by a slow and simple count. */
  private def wrong(here: World) = {
    val days = here.silver().map(row => dayOf(row(here.when.get)))
    val gold = here.table("gold")
    assert(
      gold.map(row => dayOf(row("day"))).sortBy(_.toEpochDay) == days.distinct.sortBy(_.toEpochDay)
    )
    gold.filter { row =>
      val day = dayOf(row("day"))
      val first = day.minusDays(lookback(here).trailing - 1L)
      val trailing = days.count(other => !other.isBefore(first) && !other.isAfter(day)).toLong
      row("rows") != days.count(_ == day).toLong || row.get("trailing_rows").exists(_ != trailing)
    }
  }

  private def dayOf(value: Any): LocalDate = value match {
    case time: LocalDateTime => time.toLocalDate
    case day                 => LocalDate.parse(day.toString)
  }

  proof("the last windows are read again on each run", each) { world =>
    val here = filled(few(world), 4)
    val again = Seq(2, 3).map(window => core.Times.text(here.end(window)))
    assert(here.plan(here.over(4)).map(_._1.takeWhile(_ != '/')) == again)
    assert(here.plan(here.over(5)).map(_._2) == Seq("again", "new"))
  }

  proof("late, corrected and deleted rows arrive exactly once", changing) { world =>
    val here = filled(few(world), 3)
    val (late, corrected) = (here.rows(6, 1), here.rows(4, 2, version = 1).drop(1))
    here.write("w1", late)
    here.write("w2", corrected)
    (1 to 2).foreach { _ =>
      assert(here.run(here.over(3)).exit == 0)
      assert(here.silver() == Cells.ordered(here.rows(2) ++ late ++ corrected))
      assert(wrong(here).isEmpty)
    }
  }

  proof("later rows still are counted, and come with a backfill", each) { world =>
    val here = filled(few(world), 4)
    val before = here.silver()
    here.write("late", here.rows(9).drop(2))
    here.run(here.over(4))
    assert(here.silver() == before)
    assert(here.status(here.over(4))("late").obj.keySet == Set(core.Times.text(here.begin)))
    assert(here.backfill(here.begin, here.end(1)).exit == 0)
    assert(here.silver().size > before.size)
    assert(here.status(here.over(4))("late").obj.isEmpty)
    assert(wrong(here).isEmpty)
  }

  proof(
    "a backfill of old days changes the trailing numbers behind them, and no others",
    changing
  ) { world =>
    val here = filled(few(world), 9, skipped = Set(1, 2))
    assert(wrong(here).isEmpty, "also where some days have no rows")
    val once = here.table("gold")
    Seq(here.rows(9, 4, version = 1), Nil, here.rows(2 + 4 % 3, 4)).foreach { rows =>
      here.write("w4", rows)
      assert(here.backfill(here.end(4), here.end(5)).exit == 0)
      assert(wrong(here).isEmpty)
    }
    assert(here.table("gold") == once)
  }

  proof("windows in any order give the same numbers", each) { world =>
    val here = few(world).but(made => made.copy(chunk = 1))
    (0 until 4).foreach(window => here.write(s"w$window", here.rows(3, window)))
    Seq(3, 1, 2, 0).foreach { window =>
      assert(here.backfill(here.end(window), here.end(window + 1)).exit == 0)
      assert(wrong(here).isEmpty)
    }
  }

  proof("windows are not done at the same time", each) { here =>
    assert(here.backfill(here.begin, here.end(2), "--jobs", "2").exit == 2)
  }
}
