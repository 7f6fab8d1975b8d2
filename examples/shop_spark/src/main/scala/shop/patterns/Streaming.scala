package shop
package patterns

import java.time.{Duration, LocalDateTime}

import org.apache.spark.sql.functions.{coalesce, col}
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.slf4j.LoggerFactory

import core._

/** Streaming: what is new in a feed, once, by its offset; `run --follow` waits for more.
  *
  * A batch that failed is tried again with the very same files. What replaced one of them comes in
  * a batch of its own, and the failed one goes on without it: nothing is lost, nothing is stuck. At
  * most `most` items are a batch. An event may be `watermark` older than the newest one before its
  * own; an older one is late, and goes to quarantine.
  */
final case class Streaming(
    feed: Feed,
    most: Int = 100,
    watermark: Duration = Duration.ofDays(1)
) extends Extraction {

  def unitType: String = "BIGINT"
  def parallel: Boolean = false

  /** Ranges of offsets. */
  def owns(unit: String): Boolean = unit.matches("\\d+-\\d+")

  /** Failed batches, then what is new. A parked batch too, if a file of it was replaced. */
  def plan(asOf: LocalDateTime, history: History): Seq[Due] = {
    val line = Line(history, feed.items)
    val coming = line.arrivals
    if (line.found.isEmpty)
      throw NotReady("there is nothing in the feed: it is empty, or looks at the wrong place")
    val open = Streaming.entries(history).filter(_.status != Status.Done)
    val again = open.flatMap(retry(_, line.having(coming), history))
    again ++ coming.grouped(most).map(items => Due(Item.unit(items), Why.New))
  }

  private def retry(entry: Entry, line: Line, history: History) = {
    val before = Item.of(entry.detail)
    val unit = line.onceMore(before, withoutGone = history.done.contains(entry.unit))
    val lost = Item.lost(Item.of(unit.detail)).diff(Item.lost(before))
    if (lost.nonEmpty)
      Streaming.log.warn(s"${entry.unit} goes on without ${lost.mkString(", ")}: replaced")
    Option.when(lost.nonEmpty || entry.status == Status.Failed)(Due(unit, Why.Retry))
  }

  /** The batches that have events in `[start, end)`, and those of which none is known. */
  def again(
      start: LocalDateTime,
      end: LocalDateTime,
      asOf: LocalDateTime,
      history: History
  ): Seq[Due] = {
    val seen = Line(history, feed.items)
    val line = seen.having(seen.arrivals) // what replaced a file is for the next run
    val touching = Streaming.entries(history).filter { entry =>
      val known = history.done.getOrElse(entry.unit, entry)
      known.firstEvent.forall(_.isBefore(end)) && known.lastEvent.forall(!_.isBefore(start))
    }
    touching.map { entry =>
      Due(line.onceMore(Item.of(entry.detail), withoutGone = true), Why.Again)
    }
  }

  /** The files of one batch, if they are what was listed. */
  def request(units: Seq[WorkUnit]): Request = {
    val (range, items) = Streaming.batch(units)
    val read = items.filterNot(item => range.gone(item.file))
    val stamps = feed.stamps()
    val changed = read.filterNot(item => stamps.get(item.file).contains(item.stamp)).map(_.file)
    if (changed.nonEmpty)
      throw Failed(
        s"${changed.mkString(", ")} changed, or went, after it was listed. What replaced it comes " +
          "with the next run; `backfill` does this batch without what is gone."
      )
    Request(s"CAST(${range.start} AS BIGINT)", Wanted.Items(read.map(_.file)))
  }

  /** What the rows of these files touch, when the late ones among them are marked. */
  def slices(
      units: Seq[WorkUnit],
      batch: DataFrame,
      pipeline: Pipeline[_],
      store: Store
  ): (DataFrame, Slices) = {
    val (range, items) = Streaming.batch(units)
    val kept = Streaming.files(batch, range.gone) // from raw rows, if any
    val here = items.filter(item => !range.gone(item.file) || kept(item.file))
    val files = here.map(_.file)
    val rows = batch.where(col("_file").isin(files: _*)).localCheckpoint()
    val passing = Touched.passing(rows, pipeline)
    val known = Line(store.history(), _ => Nil).having(Item.of(units.head.detail))
    val line = pipeline.source.eventTime.fold(known) { _ =>
      Lateness.judged(known, here, passing, feed.lane)
    }
    def judged(rows: DataFrame) = Lateness(watermark, feed).of(rows, line.at(here), passing)
    val arrived = judged(passing).where("_late IS NULL").drop("_late")
    val touched = Touched(pipeline, store, files, line, range, arrived).slices
    val marked = judged(rows).withColumn("_problem", coalesce(col("_problem"), col("_late")))
    (marked.drop("_late"), touched.copy(detail = Item.detail(line.within(range))))
  }

  /** The files that no run took yet. */
  override def unread(pipeline: Pipeline[_], spark: SparkSession, history: History): ujson.Obj =
    ujson.Obj("files_waiting" -> Line(history, feed.items).arrivals.size)
}

object Streaming {
  private val log = LoggerFactory.getLogger(getClass)

  /** The newest entry of each batch, in order. */
  private def entries(history: History) =
    history.latest.values.toSeq.sortBy(entry => Item.of(entry.detail).head.at)

  /** The one batch of a pass, and its items that were not replaced. */
  private def batch(units: Seq[WorkUnit]) = units match {
    case Seq(WorkUnit(range: Offsets, detail)) => range -> Item.of(detail).filterNot(_.lost)
    case other => throw new IllegalArgumentException(s"no batch of a feed: $other")
  }

  /** Those of some files that have rows. */
  private def files(rows: DataFrame, some: Set[String]) =
    if (some.isEmpty) some
    else {
      val found = rows.where(col("_file").isin(some.toSeq: _*)).select("_file").distinct()
      found.collect().map(_.getString(0)).toSet
    }
}
