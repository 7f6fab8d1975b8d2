package clicks
package core

import java.time.LocalDateTime

import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, SparkSession}

/** Where rows come from. */
trait Source {

  /** The column of event time, in UTC behind the quality gate. */
  def eventTime: Option[String]

  /** The columns with their raw types. */
  def columns(contract: Contract): Seq[Column]

  /** Throws if there is no use in reading it now. */
  def ready(asOf: LocalDateTime, contract: Contract): Unit

  /** The requested rows; throws if the source drifted from the contract. */
  def read(spark: SparkSession, request: Request, contract: Contract): Batch
}

/** Rows as they came, and a check that throws if the source changed while they were read.
  *
  * They are kept between the passes over them, unless it is `cheap` to read them again, and they
  * are taken as they came.
  */
final case class Batch(rows: DataFrame, cheap: Boolean = false, unchanged: () => Unit = () => ())

/** Which units are due, and what each reads and replaces. It has no clock of its own. */
trait Extraction {

  /** The SQL type of the lineage column `_unit`, which has the start of a row's unit. */
  def unitType: String

  /** Whether its units may be done at the same time, or build on one another. */
  def parallel: Boolean

  /** Whether a unit of the ledger is one of its own: rows of others would be owned twice. */
  def owns(unit: String): Boolean

  /** Whether one of its units lies in what it reads now. */
  def reaches(unit: String): Boolean = true

  def plan(asOf: LocalDateTime, history: History): Seq[Due]

  /** The units of `[start, end)` that are over at `asOf`, whatever became of them. */
  def again(
      start: LocalDateTime,
      end: LocalDateTime,
      asOf: LocalDateTime,
      history: History
  ): Seq[Due]
  def request(units: Seq[WorkUnit]): Request

  /** What units read and replace, with their rows, in which it may mark some as bad. */
  def slices(
      units: Seq[WorkUnit],
      batch: DataFrame,
      pipeline: Pipeline[_],
      store: Store
  ): (DataFrame, Slices)

  /** Refuses a unit that read suspiciously few rows. */
  def check(entries: Seq[Entry], history: History): Unit = ()

  /** What counts of all that was done, each with the time of its read. */
  def published(history: History): Seq[(LocalDateTime, Entry)] =
    history.done.values.map(entry => entry.finished -> entry).toSeq

  /** Rows that no unit read or will read, counted for `status`. */
  def unread(pipeline: Pipeline[_], spark: SparkSession, history: History): ujson.Obj = ujson.Obj()

  /** The end of all data, if it is known. */
  def until: Option[LocalDateTime] = None
}

/** How a unit is written, and whether one that is done may be written again.
  *
  * What can only be written to some sinks is no `Writing[Sink]`: wiring it to others does not
  * compile.
  */
trait Writing[-S <: Sink] {
  def admit(due: Seq[Due], history: History): Seq[Due]
  def write(into: Transaction, table: Table, part: Slice, rows: DataFrame): Unit
}

/** What happens around the units: which of them now, how often, and when to stop. */
trait Behaviour {
  def choose(due: Seq[Due]): Seq[Due]
  def attempt(work: => Seq[Entry]): Seq[Entry]
  def failed(attempt: Int): Status
  def carryOn(ended: Seq[Entry]): Boolean
}

/** One table and how it follows from the one before.
  *
  * `make` turns the rows that it reads, from the table `reads`, into rows of `table`; `after` may
  * tell the ledger more about the units, by their starts.
  */
final case class Step(
    table: Table,
    reads: String,
    part: Slices => Slice,
    make: (DataFrame, WorkUnit) => DataFrame,
    parallel: Boolean = true, // whether units that are done at the same time write different rows
    after: (Transaction, Slice, WorkUnit) => Map[String, Map[String, ujson.Value]] = (_, _, _) =>
      Map.empty
)

object Step {

  /** The rows of a batch, whole, before anything is kept of them. */
  val Batch = "batch"
}

/** The tables between source and sink, in the order in which they are written. */
trait Structure {
  def steps(gate: Gate): Seq[Step]
}

/** A pipeline as far as a sink knows it: one's own, or one of which only the contract is known. */
trait Dataset {
  def name: String
  def contract: Contract

  /** The column of event time, if there is one. */
  def eventTime: Option[String]

  /** All tables, in the order in which they are written. */
  def tables: Seq[Table]
  def table(name: String): Table = tables.find(_.name == name).get
}

/** Where tables and ledger live. */
trait Sink {

  /** Settings that Spark has to be started with. */
  def needed: Map[String, String] = Map.empty
  def open[A](dataset: Dataset, spark: SparkSession, write: Boolean)(use: Store => A): A
}

/** A sink whose rows can be replaced. */
trait Overwritable extends Sink

/** An open sink. */
trait Store {
  def spark: SparkSession
  def history(): History

  /** What is published of a table. */
  def table(name: String): DataFrame

  /** The columns that are stored of it, which may not be all that its contract has. */
  def stored(name: String): StructType = table(name).schema

  /** Rows and entries become visible together, or the rows can be taken back; one at a time. */
  def transact(spark: SparkSession)(work: Transaction => Seq[Entry]): Seq[Entry]
}

/** What is written between the begin and the end of a transaction; it sees its own rows. */
trait Transaction {
  def table(name: String): DataFrame
  def replace(table: Table, leaving: Rows, coming: DataFrame): Unit
  def append(table: Table, coming: DataFrame): Unit
}

/** One dataset's way from a source to a sink.
  *
  * `chunk` is the number of contiguous units in one pass: more is faster, and takes more memory.
  */
final case class Pipeline[S <: Sink](
    name: String,
    contract: Contract,
    source: Source,
    extraction: Extraction,
    writing: Writing[S],
    behaviour: Behaviour,
    structure: Seq[Structure],
    sink: S,
    chunk: Int
) extends Dataset {
  def eventTime: Option[String] = source.eventTime
  def tables: Seq[Table] = steps.map(_.table)

  /** The quality gate, for rows as they came with where they came from. */
  val gate: Gate = {
    val traces = Contract.lineage(
      "file" -> "STRING",
      "row" -> "BIGINT",
      "event_time" -> "TIMESTAMP",
      "problem" -> "STRING",
      "line" -> "STRING",
      "unit" -> extraction.unitType
    )
    Gate(contract, Table("bronze", source.columns(contract) ++ traces), source.eventTime)
  }

  /** All steps of all structures, in order. */
  val steps: Seq[Step] = structure.flatMap(_.steps(gate))

  /** Whether chunks of a backfill may be done at the same time. */
  def parallel: Boolean = extraction.parallel && steps.forall(_.parallel)

  /** The relation that has the rows as they came: a table, or the batch itself. */
  def kept: String = steps.find(_.table.name == "quarantine").fold(Step.Batch)(_.reads)
}
