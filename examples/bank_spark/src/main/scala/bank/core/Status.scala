package bank
package core

import java.time.{Duration, LocalDateTime}

import scala.util.control.NonFatal

import org.apache.spark.sql.SparkSession
import upickle.default.writeJs

import Times.times

/** What a person on call wants to know of a pipeline. */
object PipelineStatus {

  /** Facts about one pipeline. Freshness is the age of the newest row when it is, or was, due;
    * without event time, of the newest read.
    */
  def of(pipeline: Pipeline[_], store: Store, asOf: LocalDateTime): ujson.Obj = {
    val history = Runner.known(pipeline, store)
    val published = pipeline.extraction.published(history)
    val at = pipeline.extraction.until.fold(asOf)(end => if (end.isBefore(asOf)) end else asOf)
    val newest = published.flatMap(_._2.lastEvent).maxOption
    val seen = if (pipeline.source.eventTime.isDefined) newest else published.map(_._1).maxOption
    val late = pipeline.contract.freshness
    val facts = ujson.Obj(
      "last_success" -> writeJs(history.done.values.map(_.finished).maxOption),
      "newest_row" -> writeJs(newest),
      "fresh" -> seen.exists(time => Duration.between(time, at).compareTo(late) <= 0),
      "rows" -> published.map(_._2.rows).sum.toDouble,
      "quarantined" -> published.map(_._2.rejected).sum.toDouble,
      "failed" -> history.units(Status.Failed),
      "parked" -> history.units(Status.Parked)
    )
    ujson.Obj.from(facts.value.toSeq ++ outlook(pipeline, store.spark, asOf, history).value)
  }

  private def outlook(
      pipeline: Pipeline[_],
      spark: SparkSession,
      asOf: LocalDateTime,
      history: History
  ) =
    try {
      pipeline.source.ready(asOf, pipeline.contract)
      val due = pipeline.extraction.plan(asOf, history).groupMapReduce(_.why.name)(_ => 1)(_ + _)
      val unread = pipeline.extraction.unread(pipeline, spark, history)
      ujson.Obj.from(("due" -> writeJs(due)) +: unread.value.toSeq)
    } catch {
      case NonFatal(error) => ujson.Obj("source" -> Engine.explained(error).getMessage)
    }
}
