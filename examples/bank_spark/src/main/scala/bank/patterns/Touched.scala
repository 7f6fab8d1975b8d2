package bank
package patterns

import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.col

import core._

/** What a batch touches: rows with a key that came or went, and the days of such rows.
  *
  * A batch replaces the rows of its `files`; but a key lives in many files, and its newest row
  * counts: files behind its `range` of the line win over them. `arrived` has the rows of the batch
  * that pass the gate. What is read from a table that will be written is pinned.
  */
final case class Touched(
    pipeline: Pipeline[_],
    store: Store,
    files: Seq[String],
    line: Line,
    range: Offsets,
    arrived: DataFrame
) {
  private val key = pipeline.contract.tables("silver").key
  private val keepsRaw = pipeline.kept != Step.Batch
  private val mine = Rows.Where(among(files))
  private val silver = store.table("silver")

  /** Rows as they came by file, typed rows by key (or file), aggregates by day. */
  def slices: Slices = {
    val first = !line.items.exists(item => item.at < range.from && files.contains(item.file))
    val raw = Slice(mine, mine, own = first)
    val rows = if (key.isEmpty) raw else byKey
    val days = pipeline.source.eventTime.fold(Slice(Rows.all, Rows.all))(byDay(rows, _))
    Slices(raw = raw, rows = rows, aggregate = days, enough = Touched.Enough)
  }

  /** The keys of rows that come, and of rows that go. */
  private def byKey = {
    def keys(rows: DataFrame) = rows.select(key.map(col): _*)
    val all = keys(arrived).union(keys(mine.of(silver))).distinct()
    val touched =
      if (keepsRaw) all
      else all.except(keys(silver.where(among(newer)))) // nothing else is there to choose from
    val pinned = touched.localCheckpoint()
    val columns = pipeline.contract.source
    val typed = key.flatMap(name => columns.find(_.name == name)).map(pipeline.gate.value)
    Slice(Rows.Among(typed, pinned), Rows.Among(key, pinned))
  }

  /** Files that came later, as they are published. */
  private def newer =
    line.newest.filter(item => item.at >= range.to && line.published(item.at)).map(_.file)

  private def byDay(rows: Slice, when: String) = {
    val gone = key.nonEmpty && keepsRaw && !mine.of(silver).isEmpty
    // A row that came second may be the first one now, on another day.
    val back =
      Option.when(gone)(pipeline.gate.passing(rows.reads.of(store.table(pipeline.kept))))
    val found = Seq(rows.replaces.of(silver), arrived) ++ back
    val dates = found.map(_.select(col(when).cast("date").as("day"))).reduce(_ union _)
    val days = dates.distinct().orderBy("day").collect().toSeq.map(row => s"DATE '${row.get(0)}'")
    def on(day: String) = s"$day IN (${days.mkString(", ")})"
    if (days.isEmpty) Slice(Rows.Where("false"), Rows.Where("false"))
    else {
      val between = s"$when >= ${days.head} AND $when < date_add(${days.last}, 1)"
      Slice(Rows.Where(s"$between AND ${on(s"CAST($when AS DATE)")}"), Rows.Where(on("day")))
    }
  }

  private def among(files: Seq[String]) =
    if (files.isEmpty) "false" else s"_file IN (${files.map(Sql.literal).mkString(", ")})"
}

object Touched {

  /** Fewer bad rows go to quarantine, and the stream goes on. */
  private val Enough = 1000L

  /** The rows that pass the gate, pinned, but for what is not needed here. */
  def passing(rows: DataFrame, pipeline: Pipeline[_]): DataFrame = {
    val key = pipeline.contract.tables("silver").key
    val columns = key ++ pipeline.source.eventTime ++ Seq("_file", "_row", "_event_time")
    pipeline.gate.passing(rows).select(columns.distinct.map(col): _*).localCheckpoint()
  }
}
