package shop
package patterns

import java.time.LocalDateTime

import scala.util.Try

import org.apache.spark.sql.DataFrame

import core._

/** Full snapshot: everything is read on each run, and replaces what was published before.
  *
  * Bronze keeps the last `retain` versions, so that one can see what the source said then; silver
  * and gold show the newest one. What the source deleted is gone from them, too. A version with
  * fewer rows than `minRatio` of the last is refused: it is more often an export that was cut off
  * than the truth.
  */
final case class FullSnapshot(
    retain: Int = 7,
    minRatio: Double = 0.5,
    allowSmall: Boolean = false
) extends Extraction {

  def unitType: String = "TIMESTAMP"
  def parallel: Boolean = false

  /** Versions, by the time of their read. */
  def owns(unit: String): Boolean = Try(LocalDateTime.parse(unit)).isSuccess

  /** One version; earlier ones that failed are over, since the source has moved on. */
  def plan(asOf: LocalDateTime, history: History): Seq[Due] = {
    val current = Version(asOf)
    newest(history).filter(_ > current.key).foreach { key =>
      throw UsageError(s"the snapshot of $key is newer, and an old one can't be read now")
    }
    val failed = history.latest.keySet -- history.done.keySet - current.key
    val why = history.status(current.key) match {
      case None              => Why.New
      case Some(Status.Done) => Why.Again
      case Some(_)           => Why.Retry
    }
    Seq(Due(WorkUnit(current, Map("supersedes" -> ujson.Arr.from(failed.toSeq.sorted))), why))
  }

  def again(
      start: LocalDateTime,
      end: LocalDateTime,
      asOf: LocalDateTime,
      history: History
  ): Seq[Due] =
    throw UsageError(
      "a snapshot shows the source as it is now: what it was can't be read again, so there is " +
        "nothing to fill back. `run` takes the current one; bronze has the last ones."
    )

  /** Everything that is there. */
  def request(units: Seq[WorkUnit]): Request =
    Request(Times.sql(version(units).at), Wanted.Everything)

  /** Raw rows by version, the oldest ones leave; all else is replaced as a whole. */
  def slices(
      units: Seq[WorkUnit],
      batch: DataFrame,
      pipeline: Pipeline[_],
      store: Store
  ): (DataFrame, Slices) = {
    val current = version(units)
    val older = store.history().done.keys.filter(_ < current.key).toSeq.sorted
    val leaving = older.take(older.size + 1 - retain).lastOption
    val mine = s"_unit = ${Times.sql(current.at)}"
    val old = leaving.map(key => s" OR _unit <= ${Times.sql(LocalDateTime.parse(key))}")
    val slices = Slices(
      raw = Slice(Rows.Where(mine), Rows.Where(mine + old.getOrElse(""))),
      rows = Slice(Rows.Where(mine), Rows.all),
      aggregate = Slice(Rows.all, Rows.all)
    )
    (batch, slices)
  }

  /** Refuses a version that is much smaller than the last one. */
  override def check(entries: Seq[Entry], history: History): Unit = {
    val last = newest(history).fold(0L)(history.done(_).rows)
    entries.filter(_.rows < last * minRatio && !allowSmall).foreach { entry =>
      throw Failed(
        s"the snapshot has ${entry.rows} rows, and the last one had $last: less than " +
          f"${minRatio * 100}%.0f%% looks like an export that was cut off. If it is right, run " +
          s"once with PIPELINE_PIPELINES__${entry.pipeline.toUpperCase}__ALLOW_SMALL=true"
      )
    }
  }

  /** The newest version alone, by the time of its read: it replaced all others. */
  override def published(history: History): Seq[(LocalDateTime, Entry)] =
    newest(history).map(key => LocalDateTime.parse(key) -> history.done(key)).toSeq

  private def newest(history: History) = history.done.keys.maxOption // keys sort by time

  private def version(units: Seq[WorkUnit]) =
    units.map(_.range).collectFirst { case version: Version => version }.get
}
