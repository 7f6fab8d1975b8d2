package bank
package sources

import java.sql.Connection
import java.sql.Connection.TRANSACTION_REPEATABLE_READ
import java.time.LocalDateTime

import scala.util.Using

import org.apache.spark.sql.functions.{col, concat_ws, expr, lit, nullif, when => whether, xxhash64}
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.slf4j.LoggerFactory

import core._
import PostgresConnection.{quoted, texts}

/** A table, or a view, of Postgres as a source.
  *
  * A read sees one moment: all of its connections share a snapshot, and what it read is kept until
  * the unit is done. `_row` is a hash of the row, as rows of a table have no place.
  */
final case class PostgresSource(
    connection: PostgresConnection,
    table: String,
    when: Option[EventTime] = None
) extends Source {
  def eventTime: Option[String] = when.map(_.column)

  /** The contract's types; exact numbers as texts, so that the gate sees what it would round. */
  def columns(contract: Contract): Seq[Column] = contract.source.map { column =>
    if (column.kind.startsWith("DECIMAL")) column.copy(kind = "STRING") else column
  }

  def ready(asOf: LocalDateTime, contract: Contract): Unit =
    Using.resource(connection.opened())(found(_))

  def read(spark: SparkSession, request: Request, contract: Contract): Batch =
    Using.resource(connection.connect()) { reader =>
      reader.setAutoCommit(false)
      reader.setTransactionIsolation(TRANSACTION_REPEATABLE_READ)
      val snapshot = texts(reader, "SELECT pg_export_snapshot()").head
      val kinds = found(reader).kinds(reader)
      refuse(kinds, contract)
      val select = columns(contract)
        .map(cell(_, kinds))
        .mkString("SELECT ", ", ", s" FROM ${PostgresRelation(table).sql}")
      val pieces = wanted(request.rows, kinds, contract, spark, reader)
      val rows = pieces.map(piece => piecewise(spark, s"$select WHERE $piece", snapshot))
      Batch(traced(rows.reduce(_ union _), request, kinds, contract).localCheckpoint())
    }

  private def found(reader: Connection) = {
    val relation = PostgresRelation(table)
    if (!relation.exists(reader)) throw NotReady(s"there is no table $table at $connection")
    relation
  }

  private def refuse(kinds: Map[String, String], contract: Contract): Unit = {
    val missing = contract.source.map(_.source).filterNot(kinds.contains)
    if (missing.nonEmpty)
      throw Failed(s"$table lacks ${missing.mkString(", ")}: renamed or removed at the source")
    val retyped = contract.source.filterNot(one => PostgresRelation.fits(kinds(one.source), one))
    if (retyped.nonEmpty) {
      val each = retyped.map(one => s"${one.source} is ${kinds(one.source)}, not ${one.kind}")
      throw Failed(s"$table: ${each.mkString("; ")}: retyped at the source")
    }
    val added = kinds.keySet -- contract.source.map(_.source)
    if (added.nonEmpty)
      PostgresSource.log.warn(s"$table has new columns: ${added.toSeq.sorted.mkString(", ")}")
  }

  /** A column in its raw type, in UTC if it has a zone. A time comes as text: as a time it would be
    * one of the machine's zone on the way, and there is none that is infinite.
    */
  private def cell(column: Column, kinds: Map[String, String]) = {
    val name = PostgresRelation.named(column)
    val utc = if (zoned(kinds(column.source))) s"$name AT TIME ZONE 'UTC'" else name
    val kind = PostgresConnection.kind(Table("", Seq(column)).schema.head.dataType)
    val text = if (isTime(column)) "::text" else ""
    s"CAST($utc AS $kind)$text AS ${quoted(column.name)}"
  }

  private def isTime(column: Column) = column.kind == "DATE" || column.kind == "TIMESTAMP"

  /** Texts of times as times; of those that are none here `_problem` tells. */
  private def typed(rows: DataFrame, contract: Contract) = {
    val cells = columns(contract).map {
      case time if isTime(time) =>
        val text = s"`${time.name}`"
        expr(s"CASE WHEN rlike($text, '[0-9]$$') THEN CAST($text AS ${time.kind}) END")
          .as(time.name)
      case other => col(other.name)
    }
    val problems = columns(contract).filter(isTime).map { time =>
      whether(col(time.name).endsWith("infinity"), s"${time.name}: infinite")
        .when(col(time.name).endsWith("BC"), s"${time.name}: before the year 1")
    }
    rows.select(cells :+ nullif(concat_ws("; ", problems: _*), lit("")).as("_problem"): _*)
  }

  private def zoned(kind: String) = kind.endsWith("with time zone") && kind.startsWith("timestamp")

  /** Conditions of the pieces that are read at the same time. No zone is a day from UTC. */
  private def wanted(
      rows: Wanted,
      kinds: Map[String, String],
      contract: Contract,
      spark: SparkSession,
      reader: Connection
  ) = (rows, contract.source.find(column => eventTime.contains(column.name))) match {
    case (Wanted.Between(start, end), Some(time)) if time.kind != "STRING" =>
      val name = PostgresRelation.named(time)
      val (apart, literal) =
        if (zoned(kinds(time.source))) (0L, "TIMESTAMPTZ") else (1L, "TIMESTAMP")
      val (from, to) = (start.minusDays(apart), end.plusDays(apart))
      def at(moment: LocalDateTime) = s"$literal '${Times.text(moment)}+00'"
      Seq(s"$name >= ${at(from)} AND $name < ${at(to)}")
    case (Wanted.Everything, _) =>
      PostgresRelation(table).pieces(reader, spark.sparkContext.defaultParallelism)
    case _ => Seq("true")
  }

  private def piecewise(spark: SparkSession, query: String, snapshot: String): DataFrame = {
    val level = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
    connection.read(spark, query, s"$level; SET TRANSACTION SNAPSHOT '$snapshot'")
  }

  private def traced(
      rows: DataFrame,
      request: Request,
      kinds: Map[String, String],
      contract: Contract
  ) = {
    val cells = columns(contract).map(column => col(column.name))
    val traced = typed(rows, contract)
      .withColumn("_row", xxhash64(cells: _*))
      .withColumn("_file", lit(table))
      .withColumn("_line", lit(null).cast("string"))
    request.rows.of(
      EventTime.at(traced, utc(kinds, contract)).withColumn("_unit", expr(request.unit))
    )
  }

  private def utc(kinds: Map[String, String], contract: Contract) = when match {
    case None       => "CAST(NULL AS TIMESTAMP)"
    case Some(time) =>
      val raw = contract.source.find(_.name == time.column).get
      if (zoned(kinds(raw.source))) s"`${raw.name}`" // it is so already
      else time.of(columns(contract), contract)
  }
}

object PostgresSource {
  private val log = LoggerFactory.getLogger(getClass)
}
