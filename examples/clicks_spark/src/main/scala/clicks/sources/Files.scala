package clicks
package sources

import java.time.LocalDateTime

import org.apache.spark.sql.functions.{col, expr}
import org.apache.spark.sql.types.StringType
import org.apache.spark.sql.{DataFrame, SparkSession}

import core._

/** How files are written: rows as they came, with `_file`, `_row`, `_problem` and `_line`. */
trait Format {

  /** Whether to read a file once more costs less than to keep its rows: filters reach into it. */
  def cheap: Boolean
  def raw(columns: Seq[Column]): Seq[Column]

  /** Whether a file stores a column as moments, which are in UTC: texts tell that one by one. */
  def zoned(spark: SparkSession, file: Found, column: String): Boolean = false

  /** The rows of files. One that tells by itself that it has no row of a span need not be read. */
  def scan(
      spark: SparkSession,
      files: Seq[Found],
      columns: Seq[Column],
      span: Option[Span] = None
  ): DataFrame
}

/** The times of a raw column that are asked for, half-open, as the source has them. */
final case class Span(column: String, from: LocalDateTime, to: LocalDateTime)

/** Which of the files that match are read. */
sealed trait Take
object Take {
  case object AllMatching extends Take
  case object Newest extends Take
}

/** Files as a source: a glob, listed again for each unit. */
final case class FilesSource(
    path: String,
    format: Format,
    when: Option[EventTime] = None,
    take: Take = Take.AllMatching
) extends Source {
  private val listing = FileListing(path)

  def eventTime: Option[String] = when.map(_.column)

  /** Files are read as they are: what is missing shows when they are listed. */
  def ready(asOf: LocalDateTime, contract: Contract): Unit = ()

  def columns(contract: Contract): Seq[Column] = format.raw(contract.source)

  def read(spark: SparkSession, request: Request, contract: Contract): Batch = {
    val files = wanted(listed(spark), request.rows)
    val asked = span(request.rows)
    val named = listing.named(spark.sparkContext.hadoopConfiguration)
    val rows = timed(spark, files, contract, asked)
      .withColumn("_file", named(col("_file")))
      .withColumn("_unit", expr(request.unit))
    val narrow = asked.fold(rows)(within(rows, _))
    Batch(request.rows.of(narrow), format.cheap, () => unchanged(spark, files))
  }

  private def listed(spark: SparkSession) = listing.files(spark.sparkContext.hadoopConfiguration)

  /** Rows with their event time, which is in the source's zone where a file tells none. */
  private def timed(
      spark: SparkSession,
      files: Seq[Found],
      contract: Contract,
      span: Option[Span]
  ) = {
    val local = when.filter(_.zone != "UTC")
    def told(file: Found) = local.exists { time =>
      format.zoned(spark, file, contract.source.find(_.name == time.column).get.source)
    }
    val (zoned, others) = files.partition(told)
    val parts = Seq(zoned -> when.map(_.copy(zone = "UTC")), others -> when)
    parts
      .filter { case (some, _) => some.nonEmpty || files.isEmpty }
      .map { case (some, time) =>
        EventTime.timed(scan(spark, some, contract, span), time, columns(contract), contract)
      }
      .reduce(_ union _)
  }

  private def scan(
      spark: SparkSession,
      files: Seq[Found],
      contract: Contract,
      span: Option[Span]
  ) =
    if (files.nonEmpty) format.scan(spark, files, contract.source, span)
    else {
      val traces = Contract.lineage(
        "file" -> "STRING",
        "row" -> "BIGINT",
        "problem" -> "STRING",
        "line" -> "STRING"
      )
      Table("empty", columns(contract) ++ traces).empty(spark)
    }

  private def wanted(found: Seq[Found], rows: Wanted) = rows match {
    case Wanted.Items(names)      => named(found, names)
    case _ if found.isEmpty       => throw NotReady(s"no file matches $path")
    case _ if take == Take.Newest => Seq(found.maxBy(file => (file.modified, file.name)))
    case _                        => found
  }

  private def named(found: Seq[Found], names: Seq[String]) = {
    val files = found.filter(file => names.contains(file.name))
    val gone = names.diff(files.map(_.name))
    if (gone.nonEmpty) throw Transient(s"${gone.mkString(", ")} went before it was read")
    files
  }

  /** A day on either side of what is wanted: no zone is further from UTC. */
  private def span(wanted: Wanted) = (when, wanted) match {
    case (Some(time), Wanted.Between(start, end)) =>
      Some(Span(time.column, start.minusDays(1), end.plusDays(1)))
    case _ => None
  }

  /** Filters on converted columns reach no file, so the raw column has one. */
  private def within(rows: DataFrame, span: Span) = rows.schema(span.column).dataType match {
    case StringType => rows
    case kind       =>
      def at(time: LocalDateTime) = s"CAST(${Times.sql(time)} AS ${kind.sql})"
      val name = s"`${span.column}`"
      rows.where(s"$name >= ${at(span.from)} AND $name < ${at(span.to)}")
  }

  private def unchanged(spark: SparkSession, before: Seq[Found]): Unit =
    if (before.diff(listed(spark)).nonEmpty)
      throw Transient(s"a file of $path changed while it was read")
}
