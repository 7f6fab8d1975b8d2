package patterns

import java.time.Duration

import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.expressions.Window
import org.apache.spark.sql.functions.{coalesce, col, concat, expr, greatest, lit, max, when}

import core._

/** Lateness: an event may be `watermark` older than the newest one before its own: of all items
  * before in its lane and, where rows are ordered, of the rows before it in its item.
  *
  * That is decided once, and for a corrected file as for the first one of that name (or content),
  * so that neither a redo nor the ends of batches change what is late.
  */
final case class Lateness(watermark: Duration, feed: Feed) {

  /** These rows with `_late`, which says why one is; `passing` are all good rows of their items. */
  def of(rows: DataFrame, items: Seq[Item], passing: DataFrame): DataFrame = {
    val after = items.groupMap(_.after.flatten)(_.file).collect { case (Some(top), files) =>
      when(col("_file").isin(files: _*), lit(top).cast("timestamp_ntz"))
    }
    val newest = coalesce(after.toSeq :+ lit(null).cast("timestamp_ntz"): _*)
    val oldest = expr(s"_newest - make_dt_interval(0, 0, 0, ${watermark.toSeconds})")
    val why = concat(
      lit(s"${Counts.Late}older than "),
      oldest.cast("string"),
      lit(s", the watermark at its ${if (feed.ordered) "place" else "file"}")
    )
    placed(rows, passing)
      .withColumn("_newest", greatest(newest, col("_before")))
      .withColumn("_late", when(col("_event_time") < oldest, why))
      .drop("_newest", "_before")
  }

  /** Rows with `_before`, the newest event of the rows before one in its item. */
  private def placed(rows: DataFrame, passing: DataFrame) =
    if (!feed.ordered) rows.withColumn("_before", lit(null).cast("timestamp_ntz"))
    else {
      val earlier =
        Window.partitionBy("_file").orderBy("_row").rowsBetween(Window.unboundedPreceding, -1)
      val before = passing.select(
        col("_file"),
        col("_row"),
        max("_event_time").over(earlier).as("_before")
      )
      rows.join(before, Seq("_file", "_row"), "left")
    }
}

object Lateness {

  /** Notes what the items hold, and how new the events of all items before them in their lanes
    * were.
    */
  def judged(line: Line, some: Seq[Item], passing: DataFrame, lane: String => String): Line = {
    val (here, holds) = (some.map(_.at).toSet, newest(passing))
    val read = line.items.map { item =>
      if (here(item.at)) item.copy(newest = holds.get(item.file)) else item
    }
    val tops = read.scanLeft(Map.empty[String, String]) { (tops, item) =>
      val top = tops.get(lane(item.file)) ++ item.newest
      tops ++ top.maxOption.map(lane(item.file) -> _)
    }
    val before =
      read.zip(tops).map { case (item, top) => item.at -> top.get(lane(item.file)) }.toMap
    val first = read.reverse.flatMap(item => Seq(item.file, item.content).map(_ -> item.at)).toMap
    val known = read.map(item => item.at -> item).toMap
    val all = read.filter(item => here(item.at)).foldLeft(known) { (known, item) =>
      val original = known(first(item.file).min(first(item.content)))
      val after = item.after.orElse(original.after).getOrElse(before(original.at))
      known + (item.at -> item.copy(after = Some(after)))
    }
    line.copy(items = line.items.map(item => all(item.at)))
  }

  /** The newest event of each file, of rows that are good: a poisoned one makes no others late. */
  private def newest(passing: DataFrame) = {
    val found = passing.groupBy("_file").agg(max("_event_time").cast("string")).collect().toSeq
    found.map(row => row.getString(0) -> row.getString(1)).toMap
  }
}
