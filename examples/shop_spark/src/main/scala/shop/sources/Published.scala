package shop
package sources

import java.time.{Duration, LocalDateTime}

import org.apache.spark.sql.functions.{col, expr, lit, max, monotonically_increasing_id}
import org.apache.spark.sql.{Column => Cell, DataFrame, SparkSession}

import core._
import patterns.{Feed, Listed}

/** What another pipeline published, as a source: nothing is known of it but its contract.
  *
  * Before anything is read, it is Ready; Not ready (missing, or its newest row is older than the
  * contract allows: exit 4); or Broken (not as the contract says: exit 1). It is a feed as well:
  * its items are the producer's units, and their content is the run that wrote them. So what the
  * producer corrects or fills back comes here again, and replaces the rows of the older version.
  * Rows are due `until` a time, if the producer's are, and do not grow old behind it.
  */
final case class Published(
    producer: String,
    sink: Sink,
    eventTime: Option[String] = None,
    until: Option[LocalDateTime] = None
) extends Source
    with Feed {

  /** Throws if the data is not ready, or not as its contract says. */
  def ready(asOf: LocalDateTime, contract: Contract): Unit = opened(SparkSession.active) {
    promise =>
      promise.refuseOtherColumns(contract)
      promise.refuseOtherValues()
      val allowed = promise.producer.contract.freshness
      val newest = eventTime.fold(Published.finished(promise))(Published.newest(promise, _))
      val at = until.fold(asOf)(end => if (end.isBefore(asOf)) end else asOf)
      if (!newest.exists(time => Duration.between(time, at).compareTo(allowed) <= 0))
        throw NotReady(
          s"not ready: $producer is stale: its newest row is of ${newest.fold("no time")(Times.text)}, " +
            s"and its contract allows ${allowed.toHours} hours"
        )
  }

  def columns(contract: Contract): Seq[Column] = contract.source

  /** The rows of the requested items, under the names of these. */
  def read(spark: SparkSession, request: Request, contract: Contract): Batch = {
    val before = items(Map.empty)
    val units = request.rows match {
      case Wanted.Items(names) => names
      case _                   => Nil
    }
    val rows = opened(spark) { promise =>
      promise.refuseOtherColumns(contract)
      selected(Published.of(units, promise, spark), contract)
    }
    Batch(rows.withColumn("_unit", expr(request.unit)), unchanged = () => unchanged(before))
  }

  private def selected(rows: DataFrame, contract: Contract) = {
    val named = contract.source.map(column => col(column.source).as(column.name))
    val when = eventTime.fold(lit(null))(col).cast("timestamp_ntz").as("_event_time")
    val nothing = Seq("_problem", "_line").map(name => lit(null).cast("string").as(name))
    val row = (monotonically_increasing_id() + 1).as("_row")
    rows.select(named ++ Seq[Cell](col("_file"), row, when) ++ nothing: _*)
  }

  private def unchanged(before: Seq[Listed]): Unit =
    if (items(Map.empty) != before) throw Transient(s"$producer wrote while it was read")

  /** The producer's units that are done, in order. */
  def items(known: Map[(String, String), String]): Seq[Listed] =
    opened(SparkSession.active) { promise =>
      val done = promise.store.history().done
      if (promise.producer.byUnit)
        done.toSeq.sortBy(_._1).map { case (unit, entry) => Published.listed(unit, entry) }
      else
        done.values
          .maxByOption(entry => (Times.text(entry.finished), entry.unit))
          .map(Published.listed(Published.All, _))
          .toSeq
    }

  def stamps(): Map[String, String] = items(Map.empty).map(one => one.file -> one.stamp).toMap

  private def opened[A](spark: SparkSession)(use: Promise => A): A =
    Promise.opened(producer, sink, spark)(use)
}

object Published {

  /** The only item of a producer whose rows don't tell their unit. */
  private val All = "silver"

  private def listed(file: String, entry: Entry) = {
    val content = s"${entry.run} ${entry.unit}"
    Listed(file, content, content)
  }

  private def finished(promise: Promise) =
    promise.store.history().done.values.map(_.finished).maxOption

  private def newest(promise: Promise, column: String) = {
    val found = promise.rows.agg(max(col(column).cast("timestamp_ntz"))).head()
    Option(found.getAs[LocalDateTime](0))
  }

  /** The rows of some items, with the item as `_file`. */
  private def of(units: Seq[String], promise: Promise, spark: SparkSession) =
    if (promise.producer.byUnit) {
      val starts = units.map(unit => LocalDateTime.parse(unit.split("/").head) -> unit)
      val named = spark.createDataFrame(starts).toDF("_start", "_file")
      val rows = promise.rows.drop("_file")
      rows.join(named, rows("_unit") === named("_start"))
    } else promise.rows.withColumn("_file", lit(All)).where(lit(units.contains(All)))
}
