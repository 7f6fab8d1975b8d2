package shop
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
  def scan(spark: SparkSession, files: Seq[Found], columns: Seq[Column]): DataFrame
}

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
    val scanned = scan(spark, files, contract)
    val named = listing.named(spark.sparkContext.hadoopConfiguration)
    val rows = EventTime
      .timed(scanned, when, columns(contract), contract)
      .withColumn("_file", named(col("_file")))
      .withColumn("_unit", expr(request.unit))
    Batch(between(rows, request.rows), format.cheap, () => unchanged(spark, files))
  }

  private def listed(spark: SparkSession) = listing.files(spark.sparkContext.hadoopConfiguration)

  private def scan(spark: SparkSession, files: Seq[Found], contract: Contract) =
    if (files.nonEmpty) format.scan(spark, files, contract.source)
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

  private def between(rows: DataFrame, wanted: Wanted) = wanted match {
    case range: Wanted.Between => range.of(narrowed(rows, range.start, range.end))
    case _                     => rows
  }

  /** Filters on converted columns reach no file, so the raw column has one, a day on either side:
    * no zone is further from UTC.
    */
  private def narrowed(rows: DataFrame, start: LocalDateTime, end: LocalDateTime) = {
    val raw = when.map(time => rows.schema(time.column)).filter(_.dataType != StringType)
    raw.fold(rows) { column =>
      def at(time: LocalDateTime) = s"CAST(${Times.sql(time)} AS ${column.dataType.sql})"
      val name = s"`${column.name}`"
      rows.where(s"$name >= ${at(start.minusDays(1))} AND $name < ${at(end.plusDays(1))}")
    }
  }

  private def unchanged(spark: SparkSession, before: Seq[Found]): Unit =
    if (before.diff(listed(spark)).nonEmpty)
      throw Transient(s"a file of $path changed while it was read")
}
