package bank
package core

import java.time.{LocalDateTime, ZoneOffset}
import java.util.UUID
import java.util.concurrent.{Callable, ExecutionException, Executors}

import scala.jdk.CollectionConverters._
import scala.util.control.NonFatal

import org.apache.spark.sql.{DataFrame, SparkSession}
import org.slf4j.LoggerFactory

/** How a run is asked for: `rebuild` takes the raw rows that the sink keeps, not the source; what
  * was never done has none there.
  */
final case class How(jobs: Int = 1, rebuild: Boolean = false)

/** The loop: what is due, chunk by chunk, rows and ledger together. It knows no pattern by name. */
object Runner {

  /** What the ledger knows, if its units are those of this pipeline's extraction. A unit that
    * failed where nothing is read any more is no news: no run or backfill could do it.
    */
  def known(pipeline: Pipeline[_], store: Store): History = {
    val history = store.history()
    history.latest.keys.find(!pipeline.extraction.owns(_)).foreach { unit =>
      throw UsageError(
        s"the ledger has the unit $unit, which is none of this extraction: its rows would be " +
          "owned twice. Set the extraction back as it was, or begin with an empty sink " +
          "(`warehouse` in conf/)."
      )
    }
    history.copy(latest = history.latest.filter { case (unit, entry) =>
      entry.status == Status.Done || pipeline.extraction.reaches(unit)
    })
  }

  /** The units that `run` would do now, and how many it would leave for later. */
  def plan(pipeline: Pipeline[_], asOf: LocalDateTime, history: History): (Seq[Due], Int) = {
    pipeline.source.ready(asOf, pipeline.contract)
    val due = pipeline.extraction.plan(asOf, history)
    val chosen = pipeline.behaviour.choose(due)
    (chosen, due.size - chosen.size)
  }

  /** Does the due units; each element is what a chunk recorded, when it has done so. */
  def run(
      pipeline: Pipeline[_],
      store: Store,
      due: Seq[Due],
      how: How = How()
  ): Iterator[Seq[Entry]] = {
    if (how.rebuild && pipeline.kept == Step.Batch)
      throw UsageError("no raw rows are kept to rebuild from: that takes the structure multi_hop")
    if (how.jobs > 1 && !pipeline.parallel)
      throw UsageError("these units write the same rows in part: do them with --jobs 1")
    val history = store.history()
    val chosen = if (how.rebuild) due.filter(one => history.done.contains(one.unit.key)) else due
    if (how.rebuild && chosen.isEmpty)
      throw UsageError(
        "none of these units was ever done, so no raw rows of them are kept: leave out --rebuild"
      )
    val chunks = Due.chunks(pipeline.writing.admit(chosen, history), pipeline.chunk)
    val run = new Runner(pipeline, store, history, how)
    val ended = Vector.newBuilder[Entry]
    chunks.grouped(how.jobs).takeWhile(_ => pipeline.behaviour.carryOn(ended.result())).flatMap {
      some =>
        val recorded = run.together(some)
        recorded.foreach(ended ++= _)
        recorded
    }
  }

  private def now() = LocalDateTime.now(ZoneOffset.UTC) // for the ledger: no row depends on it
}

/** One run of one pipeline. */
final private class Runner(pipeline: Pipeline[_], store: Store, history: History, how: How) {
  private val log = LoggerFactory.getLogger(getClass)
  private val id = UUID.randomUUID.toString.take(12)

  /** Does chunks at the same time. Whatever one of them throws is thrown when all have ended: a
    * Future would keep errors like that of memory to itself, and never end.
    */
  def together(chunks: Seq[Seq[Due]]): Seq[Seq[Entry]] = {
    val pool = Executors.newFixedThreadPool(how.jobs)
    val work = chunks.map(chunk => (() => record(chunk)): Callable[Seq[Entry]])
    try pool.invokeAll(work.asJava).asScala.toSeq.map(_.get)
    catch { case error: ExecutionException => throw error.getCause }
    finally pool.shutdown()
  }

  /** Writes a chunk, or records that it failed; a chunk is split before a unit fails. */
  private def record(chunk: Seq[Due]): Seq[Entry] = {
    val started = Runner.now()
    try pipeline.behaviour.attempt(write(chunk.map(_.unit), started))
    catch {
      case error: PipelineError if error.exitCode > 1 => throw error
      case NonFatal(error)                            =>
        Engine.explained(error) match {
          case failure: EnvironmentFailure                      => throw failure
          case failure if chunk.size > 1 && !transient(failure) =>
            chunk.flatMap(one => record(Seq(one)))
          case failure => fail(chunk, started, failure.getMessage)
        }
    }
  }

  private def transient(error: Throwable) = error.isInstanceOf[Transient]

  private def fail(chunk: Seq[Due], started: LocalDateTime, why: String) = {
    val failed = chunk.map { due =>
      val status = pipeline.behaviour.failed(history.failures(due.unit.key) + 1)
      entry(due.unit, started).copy(status = status, error = why)
    }
    failed.foreach(one => log.error(s"${one.pipeline} ${one.unit} ${one.status.name}: $why"))
    store.transact(store.spark)(_ => failed)
  }

  /** Source to sink: every step replaces its slice of one table. What is wrong shows before. */
  private def write(units: Seq[WorkUnit], started: LocalDateTime): Seq[Entry] = {
    val spark = store.spark.newSession() // views of a chunk are its own
    val batch = read(spark, units)
    val (marked, slices) = pipeline.extraction.slices(units, batch.rows, pipeline, store)
    val came = if (how.rebuild) slices.raw.reads.of(marked) else marked
    val rows = if (batch.cheap && (came eq batch.rows)) came else came.persist()
    try {
      val counted = Counts.of(pipeline.gate.judged(rows))
      val done = units.map { unit =>
        val bare = entry(unit, started)
        counted.get(unit.range.start).fold(bare)(_.in(bare))
      }
      Counts.refuseMany(pipeline.gate.judged(rows), done, slices.enough)
      pipeline.extraction.check(done, history)
      store.transact(spark) { into =>
        val steps = this.steps(quarantined = counted.values.exists(_.rejected > 0))
        val details = steps.flatMap(perform(_, into, rows, slices, units.last)).toMap
        batch.unchanged()
        done.zip(units).map { case (entry, unit) =>
          val more = slices.detail ++ details.getOrElse(unit.range.start, Map.empty)
          entry.copy(detail = entry.detail ++ more)
        }
      }
    } finally rows.unpersist()
  }

  /** The steps of this run. Where no row is `quarantined` none is looked for: that takes a pass. */
  private def steps(quarantined: Boolean) =
    pipeline.steps.filterNot(step => how.rebuild && step.table.name == pipeline.kept).map {
      case step if step.table == pipeline.gate.quarantine && !quarantined =>
        step.copy(make = (rows, _) => step.table.empty(rows.sparkSession))
      case step => step
    }

  private def perform(
      step: Step,
      into: Transaction,
      batch: DataFrame,
      slices: Slices,
      unit: WorkUnit
  ) = {
    val part = step.part(slices)
    val input = part.reads.of(if (step.reads == Step.Batch) batch else into.table(step.reads))
    pipeline.writing.write(into, step.table, part, part.writes.of(step.make(input, unit)))
    step.after(into, part, unit)
  }

  private def read(spark: SparkSession, units: Seq[WorkUnit]) =
    if (how.rebuild) Batch(store.table(pipeline.kept))
    else pipeline.source.read(spark, pipeline.extraction.request(units), pipeline.contract)

  private def entry(unit: WorkUnit, started: LocalDateTime) = Entry(
    pipeline = pipeline.name,
    unit = unit.key,
    status = Status.Done,
    attempt = history.failures(unit.key) + 1,
    run = id,
    started = started,
    finished = Runner.now(),
    detail = unit.detail
  )
}
