package bank
package core

import java.time.LocalDateTime

import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.expr

/** A half-open range with an identity, which the ledger calls it by. Keys sort as ranges do. */
sealed trait Range {
  def key: String

  /** The value of the lineage column `_unit`, as text. */
  def start: String
}

/** Event time in UTC, `[from, to)`. */
final case class Window(from: LocalDateTime, to: LocalDateTime) extends Range {
  def key: String = s"$start/${Times.text(to)}"
  def start: String = Times.text(from)
}

/** The source as it was when it was read. */
final case class Version(at: LocalDateTime) extends Range {
  def key: String = start
  def start: String = Times.text(at)
}

/** The items of a feed at `[from, to)`, without the files that are `gone`. */
final case class Offsets(from: Long, to: Long, gone: Set[String] = Set.empty) extends Range {
  def key: String = s"$from-$to"
  def start: String = from.toString
}

/** A unit of work. `detail` is what the ledger keeps, so that it can be done again just so. */
final case class WorkUnit(range: Range, detail: Map[String, ujson.Value] = Map.empty) {
  def key: String = range.key

  /** Whether both can be done in one pass. */
  def meets(later: WorkUnit): Boolean = (range, later.range) match {
    case (Window(_, end), Window(start, _)) => end == start && detail == later.detail
    case _                                  => false
  }
}

/** Why a unit is due. */
sealed abstract class Why(val name: String)
object Why {
  case object New extends Why("new")
  case object Gap extends Why("gap")
  case object Retry extends Why("retry")
  case object Again extends Why("again")
}

/** A unit that a run should do. */
final case class Due(unit: WorkUnit, why: Why)

object Due {

  /** Merges contiguous units into chunks of at most `size`: one pass over the data for all.
    *
    * A retried unit stays alone, so that a healthy neighbour never fails with it.
    */
  def chunks(due: Seq[Due], size: Int): Seq[Seq[Due]] =
    due.foldLeft(Vector.empty[Vector[Due]]) {
      case (done :+ last, next) if last.size < size && joins(last.last, next) =>
        done :+ (last :+ next)
      case (done, next) => done :+ Vector(next)
    }

  private def joins(one: Due, next: Due) =
    one.why != Why.Retry && next.why != Why.Retry && one.unit.meets(next.unit)
}

/** What a source is asked for. `unit` is SQL for `_unit`, and may read `_event_time`. */
final case class Request(unit: String, rows: Wanted)

sealed trait Wanted {

  /** Those of some rows, whose event time is known by now. */
  def of(timed: DataFrame): DataFrame = timed
}
object Wanted {
  case object Everything extends Wanted

  /** A range of event time, in UTC and half-open. */
  final case class Between(start: LocalDateTime, end: LocalDateTime) extends Wanted {
    override def of(timed: DataFrame): DataFrame =
      timed.where(s"_event_time >= ${Times.sql(start)} AND _event_time < ${Times.sql(end)}")
  }
  final case class Items(names: Seq[String]) extends Wanted
}

/** Some rows of any table. */
sealed trait Rows {
  def of(table: DataFrame): DataFrame
  def notOf(table: DataFrame): DataFrame
}
object Rows {
  val all: Rows = Where("true")

  /** Whether it shows without a job that there are no rows. */
  def none(rows: DataFrame): Boolean = rows.queryExecution.analyzed.maxRows.contains(0L)

  /** Rows for which a condition is true. */
  final case class Where(sql: String) extends Rows {
    def of(table: DataFrame): DataFrame = table.where(sql)
    def notOf(table: DataFrame): DataFrame = table.where(s"NOT coalesce($sql, false)")
  }

  /** Rows whose `values`, which are SQL, are among `keys`; null is a value like any other. */
  final case class Among(values: Seq[String], keys: DataFrame) extends Rows {
    def of(table: DataFrame): DataFrame = join(table, "left_semi")
    def notOf(table: DataFrame): DataFrame = join(table, "left_anti")

    private def join(table: DataFrame, how: String) = {
      val named = keys.toDF(keys.columns.map(name => s"_key_$name").toIndexedSeq: _*)
      val same = values.zip(named.columns).map { case (sql, key) => expr(sql) <=> named(key) }
      table.join(named, same.reduce(_ && _), how)
    }
  }
}

/** What one step works on: rows it reads, rows of its table that leave.
  *
  * `writes` leaves out of its result what it read only as context. A slice is `own` if none but its
  * units ever write such rows.
  */
final case class Slice(reads: Rows, replaces: Rows, writes: Rows = Rows.all, own: Boolean = false)

/** One slice for each kind of table, and what the ledger is told of the unit beside.
  *
  * From `enough` rows on most of them being wrong stops a unit.
  */
final case class Slices(
    raw: Slice,
    rows: Slice,
    aggregate: Slice,
    enough: Long = 20,
    detail: Map[String, ujson.Value] = Map.empty
)
