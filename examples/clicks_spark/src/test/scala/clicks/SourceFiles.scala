package clicks

import java.nio.charset.Charset
import java.nio.file.StandardCopyOption.REPLACE_EXISTING
import java.nio.file.{Files, Path}
import java.time.format.DateTimeFormatter
import java.time.temporal.ChronoUnit
import java.time.{LocalDateTime, ZoneId, ZoneOffset}
import java.util.Locale

import scala.jdk.CollectionConverters._

import org.apache.spark.sql.{Row => SparkRow}

import core._

/** How a pipeline's source spells rows: the kind of its files, what that is told, its times. */
final case class SourceFiles(kind: String, told: String => Option[Any], time: Option[EventTime]) {

  val suffix: String =
    Map("JsonLines" -> "jsonl", "ParquetFiles" -> "parquet").getOrElse(kind, "csv")

  /** What the source can spell of a time. */
  val finest: ChronoUnit = time.flatMap(_.formats.headOption) match {
    case Some(format) if !format.toLowerCase.contains('h') => ChronoUnit.DAYS
    case Some(format) if !format.contains('s')             => ChronoUnit.MINUTES
    case _                                                 => ChronoUnit.SECONDS
  }

  /** A file with these rows, which appears at once. */
  def write(folder: Path, name: String, rows: Seq[Row], columns: Seq[Column]): Path = {
    Files.createDirectories(folder)
    val aside = folder.resolve(s"_$name.$suffix")
    val cells = spelled(rows, columns)
    kind match {
      case "JsonLines"    => jsonLines(aside, cells, columns)
      case "ParquetFiles" => parquet(aside, cells, columns)
      case _              => csv(aside, cells, columns)
    }
    Files.move(aside, folder.resolve(s"$name.$suffix"), REPLACE_EXISTING)
  }

  /** Rows as the source has them: event time in its zone and format. */
  def spelled(rows: Seq[Row], columns: Seq[Column]): Seq[Seq[Option[Any]]] =
    rows.map(row => columns.map(column => row.get(column.name).map(spell(column, _))))

  private def spell(column: Column, cell: Any): Any = (time, cell) match {
    case (Some(when), at: LocalDateTime) if when.column == column.name =>
      val there = at.atZone(ZoneOffset.UTC).withZoneSameInstant(ZoneId.of(when.zone))
      val format = when.formats.headOption.map(DateTimeFormatter.ofPattern(_, Locale.US))
      format.filter(_ => kind != "ParquetFiles").fold[Any](there.toLocalDateTime)(_.format(there))
    case _ => cell
  }

  private def csv(path: Path, rows: Seq[Seq[Option[Any]]], columns: Seq[Column]): Unit = {
    def has[A](name: String) = told(name).map(_.asInstanceOf[A])
    val (delimiter, quote) = (has[String]("delimiter").get, has[String]("quote").get)
    val empty = has[Seq[String]]("nulls").flatMap(_.headOption).getOrElse("")
    def quoted(text: String) =
      if (quote.nonEmpty && (text.contains(delimiter) || text.contains(quote)))
        quote + text.replace(quote, quote + quote) + quote
      else text
    val header = if (has[Boolean]("header").get) Seq(columns.map(_.source)) else Nil
    val lines = header ++ rows.map(_.map(_.fold(empty)(text)))
    val content = lines.map(_.map(quoted).mkString("", delimiter, "\n")).mkString
    Files.write(path, content.getBytes(Charset.forName(has[String]("encoding").get)))
  }

  private def jsonLines(path: Path, rows: Seq[Seq[Option[Any]]], columns: Seq[Column]): Unit = {
    Files.writeString(path, rows.map(objectOf(_, columns) + "\n").mkString)
    ()
  }

  /** A row as an object of JSON. */
  def objectOf(row: Seq[Option[Any]], columns: Seq[Column]): String = {
    val cells = columns.zip(row).map { case (column, cell) =>
      column.source -> cell.fold[ujson.Value](ujson.Null)(json)
    }
    ujson.Obj.from(cells).render()
  }

  private def parquet(path: Path, rows: Seq[Seq[Option[Any]]], columns: Seq[Column]): Unit = {
    val named = columns.map(column => column.copy(name = column.source))
    val cells = rows.map(row => SparkRow.fromSeq(row.map(_.map(java).orNull)))
    val folder = Files.createTempDirectory("parquet")
    Commands.spark
      .createDataFrame(cells.asJava, Table("written", named).schema)
      .coalesce(1)
      .write
      .mode("overwrite")
      .parquet(folder.toString)
    val part = Files.list(folder).iterator.asScala.find(_.toString.endsWith(".parquet"))
    Files.move(part.get, path, REPLACE_EXISTING)
  }

  /** A value as files have it. */
  def text(cell: Any): String = cell match {
    case at: LocalDateTime => Times.text(at)
    case other             => other.toString
  }

  private def json(cell: Any): ujson.Value = cell match {
    case number: Long   => ujson.Num(number.toDouble)
    case number: Double => ujson.Num(number)
    case truth: Boolean => ujson.Bool(truth)
    case other          => ujson.Str(text(other))
  }

  /** A cell as Java's libraries have it. */
  def java(cell: Any): AnyRef = cell match {
    case decimal: BigDecimal => decimal.bigDecimal
    case other               => other.asInstanceOf[AnyRef]
  }
}

object SourceFiles {

  /** Those of a pipeline. Its source need not read files, as long as nothing is written. */
  def apply(pipeline: Pipeline[_ <: Sink]): SourceFiles = {
    val format = Worlds.field(pipeline.source, "format")
    val time = Worlds.field(pipeline.source, "when").collect { case Some(when: EventTime) => when }
    SourceFiles(format.fold("")(Worlds.kind), name => format.flatMap(Worlds.field(_, name)), time)
  }
}

/** Files in a folder, one for each name. */
final case class FileData(setting: String, folder: Path, files: SourceFiles) extends SourceData {
  def settings: Map[String, String] = Map(setting -> s"$folder/*.${files.suffix}")

  def write(name: String, rows: Seq[Row], columns: Seq[Column]): Unit = {
    files.write(folder, name, rows, columns)
    ()
  }

  def remove(name: String): Unit = Files.delete(folder.resolve(s"$name.${files.suffix}"))
}
