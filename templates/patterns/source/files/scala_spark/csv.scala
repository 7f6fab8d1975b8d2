package sources

import java.io.{
  BufferedReader,
  ByteArrayInputStream,
  InputStreamReader,
  SequenceInputStream,
  StringReader
}

import scala.collection.concurrent.TrieMap
import scala.jdk.CollectionConverters._
import scala.util.{Try, Using}

import com.univocity.parsers.csv.{CsvParser, CsvParserSettings, UnescapedQuoteHandling}
import org.apache.hadoop.conf.Configuration
import org.apache.spark.sql.functions.{
  coalesce,
  col,
  concat_ws,
  lit,
  not,
  regexp_replace,
  struct,
  to_json,
  trim,
  when
}
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{Column => Cell, DataFrame, SparkSession}
import org.slf4j.LoggerFactory

import core._

/** CSV files: read as text, by the names in each file's header.
  *
  * A line that can't be split is kept as it is, for quarantine. Lines end with LF or CRLF, also in
  * one file. `nulls` are texts that mean that there is no value, beside the empty one.
  */
final case class Csv(
    delimiter: String = ",",
    quote: String = "\"",
    encoding: String = "utf-8",
    header: Boolean = true,
    nulls: Seq[String] = Nil,
    keepNewColumns: Boolean = false
) extends Format {

  def cheap: Boolean = false

  def raw(columns: Seq[Column]): Seq[Column] = columns.map(_.copy(kind = "STRING"))

  /** One read for each distinct header, so that files may order their columns differently. */
  def scan(
      spark: SparkSession,
      files: Seq[Found],
      columns: Seq[Column],
      span: Option[Span]
  ): DataFrame = {
    val hadoop = spark.sparkContext.hadoopConfiguration
    val headers = files.groupBy(file => names(hadoop, file, columns)).toSeq
    headers.map { case (names, some) => read(spark, names, some, columns) }.reduce(_ union _)
  }

  /** Refuses a file that is cut off or lacks an expected column, reports one with more. */
  private def names(hadoop: Configuration, file: Found, columns: Seq[Column]): Seq[String] = {
    val expected = columns.map(_.source)
    val lines =
      Csv.known.getOrElseUpdate((file, this, columns.size), ends(hadoop, file, columns.size))
    val found = if (header) lines.first else expected
    val missing = expected.diff(found)
    if (lines.open.exists(cells => missing.nonEmpty || (cells > 0 && cells < found.size)))
      throw FileListing.cutOff(file)
    lines.swallowing.foreach { line =>
      throw if (lines.open.isEmpty) taken(file, line) else FileListing.cutOff(file)
    }
    if (missing.nonEmpty) {
      val lacks = s"${file.path} lacks ${missing.mkString(", ")}"
      throw Failed(s"$lacks: renamed or removed at the source")
    }
    val added = found.filter(_.trim.nonEmpty).diff(expected)
    if (added.nonEmpty) Csv.log.warn(s"${file.path} has new columns: ${added.mkString(", ")}")
    found
  }

  private def ends(hadoop: Configuration, file: Found, columns: Int) = {
    val whole = FileListing.whole(hadoop, file)
    Using.resource(FileListing.opened(hadoop, file)) { stream =>
      val lines = records(new CsvParser(settings))(_.beginParsing(stream, encoding))
      val first = lines.nextOption().getOrElse(Nil)
      if (first.exists(_.matches("(?s).*\\r[^\\n].*")) && !lines.hasNext)
        throw Failed(s"${file.path} ends its lines with CR alone: write it with LF, or CRLF")
      val open = Option.unless(whole)(lines.foldLeft(first)((_, line) => line))
      Ends(
        first,
        open.map(line => if (line.forall(_.isBlank)) 0 else line.size),
        swallowing(hadoop, file, if (header) first.size else columns)
      )
    }
  }

  /** The line of a cell that goes on below it because its quote is not closed. Spark takes what
    * follows for a part of that cell. If the record has all of its cells nevertheless, it does not
    * tell.
    */
  private def swallowing(hadoop: Configuration, file: Found, cells: Int): Option[Long] = {
    def opened = FileListing.opened(hadoop, file)
    def odd(line: String) = line.count(quote.contains(_)) % 2 > 0
    def text = new BufferedReader(new InputStreamReader(opened, encoding))
    if (quote.isEmpty || !Using.resource(text)(_.lines.iterator.asScala.exists(odd))) None
    else
      Using.resource(opened) { stream =>
        val parser = new CsvParser(settings)
        val end = new ByteArrayInputStream(Csv.End.getBytes(encoding))
        val more = new SequenceInputStream(stream, end)
        val rows = records(parser)(_.beginParsing(more, encoding)).filter(_.size == cells)
        def open(row: Seq[String]) = Option(parser.getContext.currentParsedContent) match {
          case Some(record) => row.exists(_.contains('\n')) && !closed(record.stripLineEnd)
          case None         => row != Seq(Csv.End.trim) // the last one
        }
        rows.find(open).map(parser.getContext.currentLine - _.map(_.count(_ == '\n')).sum)
      }
  }

  /** Whether each quote of a record has its end in it. */
  private def closed(record: String) = {
    val strict = settings
    strict.setUnescapedQuoteHandling(UnescapedQuoteHandling.RAISE_ERROR)
    val more = new StringReader(record + Csv.End)
    Try(records(new CsvParser(strict))(_.beginParsing(more)).size).toOption.contains(2)
  }

  private def records(parser: CsvParser)(begin: CsvParser => Unit) = {
    begin(parser)
    val rows = Iterator.continually(parser.parseNext()).takeWhile(_ != null)
    rows.map(_.toSeq.map(Option(_).getOrElse("")))
  }

  private def taken(file: Found, line: Long) = Failed(
    s"${file.path}: a cell of line $line takes in the lines below it: its quote is never closed. " +
      "Close it there, or move the file away"
  )

  private def settings = {
    val settings = new CsvParserSettings
    settings.getFormat.setDelimiter(delimiter)
    settings.getFormat.setComment('\u0000') // there are none
    settings.getFormat.setLineSeparator("\n") // the CR of CRLF is taken for a blank, and trimmed
    settings.getFormat.setQuote(quote.headOption.getOrElse('\u0000'))
    settings.getFormat.setQuoteEscape(quote.headOption.getOrElse('\u0000'))
    settings.setMaxColumns(20480)
    settings.setMaxCharsPerColumn(-1)
    settings
  }

  /** By position, as the header has it. Of columns with one name the first counts. */
  private def read(
      spark: SparkSession,
      names: Seq[String],
      files: Seq[Found],
      columns: Seq[Column]
  ) = {
    val cells = names.indices.map(n => s"c$n")
    val empty = "" +: nulls
    def cell(source: String): Cell = names.indexOf(source) match {
      case last if last == names.size - 1 => regexp_replace(col(cells.last), "\r\\z", "") // of CRLF
      case other                          => col(cells(other))
    }
    val known = columns.map { column =>
      when(!trim(cell(column.source)).isin(empty: _*), cell(column.source)).as(column.name)
    }
    val added = names.distinct.filterNot(columns.map(_.source).contains)
    val more =
      if (added.isEmpty || !keepNewColumns) lit(null)
      else to_json(struct(added.map(name => cell(name).as(name)): _*))
    val unknown = concat_ws("", (cells :+ "_corrupt").map(col): _*).contains("\ufffd")
    val problem =
      when(unknown, "not a line of text").when(col("_corrupt").isNotNull, "not a CSV line")
    val alone = if (cells.size == 1) lit(true) else col("_corrupt") === ""
    val line = coalesce(col("_corrupt"), more.cast("string"))
    val rows = spark.read
      .schema(StructType.fromDDL((cells :+ "_corrupt").map(_ + " STRING").mkString(", ")))
      .options(options)
      .csv(files.map(_.literal): _*)
    rows
      .where(not(coalesce(col("c0") === "\r" && alone, lit(false)))) // a line with nothing but CR
      .select(known ++ FileListing.traces :+ problem.as("_problem") :+ line.as("_line"): _*)
  }

  private def options = Map(
    "header" -> header.toString,
    "sep" -> delimiter,
    "quote" -> quote,
    "escape" -> quote,
    "encoding" -> encoding,
    "multiLine" -> "true", // a quoted cell may have line ends in it
    "lineSep" -> "\n", // or else it is what ends the first line
    "columnNameOfCorruptRecord" -> "_corrupt"
  )
}

/** The first line of a file; how many cells an unfinished last one has, none if it is blank; and
  * the line that swallows others.
  */
final private case class Ends(first: Seq[String], open: Option[Int], swallowing: Option[Long])

object Csv {
  private val End = "\nend" // a record, if all quotes before it are closed
  private val log = LoggerFactory.getLogger(getClass)

  /** How files begin and end: looked at once for each content, not for each window. */
  private val known = TrieMap.empty[(Found, Csv, Int), Ends]
}
