package shop
package sources

import java.time.LocalDateTime
import java.time.temporal.ChronoUnit

import scala.collection.concurrent.TrieMap
import scala.jdk.CollectionConverters._

import org.apache.hadoop.fs.Path
import org.apache.parquet.format.converter.ParquetMetadataConverter.NO_FILTER
import org.apache.parquet.hadoop.Footer
import org.apache.parquet.hadoop.metadata.ParquetMetadata
import org.apache.parquet.hadoop.util.HadoopInputFile
import org.apache.parquet.schema.LogicalTypeAnnotation.{
  DateLogicalTypeAnnotation,
  TimestampLogicalTypeAnnotation
}
import org.apache.parquet.schema.{Type => Field}
import org.apache.spark.sql.execution.datasources.parquet.{
  ParquetFileFormat,
  ParquetFooterReader,
  ParquetToSparkSchemaConverter
}
import org.apache.spark.sql.functions.{col, expr, lit, struct, to_json}
import org.apache.spark.sql.internal.SQLConf
import org.apache.spark.sql.types._
import org.apache.spark.sql.{Column => Cell, DataFrame, SparkSession}
import org.slf4j.LoggerFactory

import core._

/** Parquet files: read in their own types, so that filters reach into the files.
  *
  * A nested value becomes JSON text; a time with a zone becomes UTC.
  */
final case class ParquetFiles(keepNewColumns: Boolean = false) extends Format {

  def cheap: Boolean = true

  def raw(columns: Seq[Column]): Seq[Column] = columns

  override def zoned(spark: SparkSession, file: Found, column: String): Boolean =
    ParquetFiles.told(spark, file).stored.zoned(column)

  /** One read for each distinct schema: each is checked, and none hides another's columns. */
  def scan(
      spark: SparkSession,
      files: Seq[Found],
      columns: Seq[Column],
      span: Option[Span]
  ): DataFrame = {
    val schemas = files.groupBy(file => ParquetFiles.told(spark, file).stored).toSeq
    schemas
      .map { case (stored, some) => read(spark, stored, some, columns, span) }
      .reduce(_ union _)
  }

  private def read(
      spark: SparkSession,
      stored: Stored,
      files: Seq[Found],
      columns: Seq[Column],
      span: Option[Span]
  ) = {
    import stored.{cell, types}
    val first = files.map(_.path).min
    refuse(first, types, columns)
    val added = stored.schema.names.toSeq.diff(columns.map(_.source))
    if (added.nonEmpty)
      ParquetFiles.log.warn(s"$first has new columns: ${added.mkString(", ")}")
    val line =
      if (added.isEmpty || !keepNewColumns) lit(null)
      else to_json(struct(added.map(name => cell(name).as(name)): _*))
    val fields = columns.map { column =>
      ParquetFiles.native(cell(column.source), types(column.source), column.kind).as(column.name)
    }
    val traces = Seq("_file" -> "file_path", "_row" -> "row_index").map { case (name, source) =>
      col(s"_metadata.$source").as(name)
    }
    val nothing = lit(null).cast("string")
    val asked = span.map(one => one.copy(column = columns.find(_.name == one.column).get.source))
    val holding = files.filter(file => asked.forall(ParquetFiles.told(spark, file).mayHave))
    spark.read
      .schema(stored.schema)
      .parquet((if (holding.isEmpty) files.take(1) else holding).map(_.literal): _*)
      .select(fields ++ traces :+ nothing.as("_problem") :+ line.cast("string").as("_line"): _*)
  }

  private def refuse(file: String, types: Map[String, DataType], columns: Seq[Column]): Unit = {
    val missing = columns.map(_.source).filterNot(types.contains)
    if (missing.nonEmpty)
      throw Failed(s"$file lacks ${missing.mkString(", ")}: renamed or removed at the source")
    val retyped = columns.collect {
      case column if !ParquetFiles.fits(types(column.source), column.kind) =>
        s"${column.source} is ${types(column.source).sql}, not ${column.kind}"
    }
    if (retyped.nonEmpty) throw Failed(s"$file: ${retyped.mkString("; ")}: retyped at the source")
  }
}

/** The columns of a file, as Spark takes them; of `nanos` it only knows that they are numbers. The
  * times of `zoned` are moments.
  */
final private case class Stored(schema: StructType, nanos: Set[String], zoned: Set[String]) {
  val types: Map[String, DataType] = schema.map { field =>
    field.name -> (if (nanos(field.name)) TimestampNTZType else field.dataType)
  }.toMap

  /** A column of the file; a time in microseconds, since there is no finer one. */
  def cell(name: String): Cell = {
    val quoted = s"`${name.replace("`", "``")}`"
    if (nanos(name)) expr(s"CAST(timestamp_micros($quoted DIV 1000) AS TIMESTAMP_NTZ)")
    else col(quoted)
  }
}

/** What a file tells: its columns, and the first and the last of the times in some of them. */
final private case class Told(stored: Stored, times: Map[String, (LocalDateTime, LocalDateTime)]) {
  def mayHave(span: Span): Boolean = times.get(span.column).forall { case (first, last) =>
    !last.isBefore(span.from) && first.isBefore(span.to)
  }
}

object ParquetFiles {
  private val log = LoggerFactory.getLogger(getClass)
  private val Epoch = LocalDateTime.of(1970, 1, 1, 0, 0)

  /** What files tell: read once for each content, not for each window. */
  private val known = TrieMap.empty[Found, Told]

  private def told(spark: SparkSession, file: Found): Told =
    known.getOrElseUpdate(file, footer(spark, file))

  /** What `spark.read.parquet` would find, which takes a job for each file. */
  private def footer(spark: SparkSession, file: Found) = {
    val path = new Path(file.path)
    val input = HadoopInputFile.fromPath(path, spark.sparkContext.hadoopConfiguration)
    val footer =
      try ParquetFooterReader.readFooter(input, NO_FILTER)
      catch { case _: RuntimeException => throw FileListing.cutOff(file) }
    val types = new ParquetToSparkSchemaConverter(SQLConf.get)
    val found = ParquetFileFormat.readSchemaFromFooter(new Footer(path, footer), types)
    val fields = footer.getFileMetaData.getSchema.getFields.asScala.toSeq
    val units = fields.flatMap(unit).toMap
    val nanos = units.collect { case (name, ChronoUnit.NANOS) => name }.toSet
    val times = units.flatMap { case (name, unit) => ends(footer, name, unit).map(name -> _) }
    val zoned = fields.filter(isMoment).map(_.getName).toSet
    Told(Stored(StructType(found.map(_.copy(nullable = true))), nanos, zoned), times)
  }

  private def isMoment(field: Field) = field.getLogicalTypeAnnotation match {
    case time: TimestampLogicalTypeAnnotation => time.isAdjustedToUTC
    case _                                    => false
  }

  /** A column of times, and what its numbers count. */
  private def unit(field: Field) = field.getLogicalTypeAnnotation match {
    case time: TimestampLogicalTypeAnnotation =>
      Some(field.getName -> ChronoUnit.valueOf(time.getUnit.name))
    case _: DateLogicalTypeAnnotation => Some(field.getName -> ChronoUnit.DAYS)
    case _                            => None
  }

  /** The first and the last time of a column; none if the file does not tell it of all rows. */
  private def ends(footer: ParquetMetadata, name: String, unit: ChronoUnit) = {
    val chunks = footer.getBlocks.asScala.toSeq.flatMap(_.getColumns.asScala)
    val told = chunks.filter(_.getPath.toArray.toSeq == Seq(name)).map(_.getStatistics)
    def at(number: Any) = Epoch.plus(number.asInstanceOf[Number].longValue, unit)
    Option.when(told.nonEmpty && told.forall(_.hasNonNullValue)) {
      (told.map(one => at(one.genericGetMin)).min, told.map(one => at(one.genericGetMax)).max)
    }
  }

  /** Whether every value of a file's type is one of the contract's, or nearly so by width. */
  private def fits(found: DataType, expected: String): Boolean =
    (DataType.fromDDL(expected), found) match {
      case (wider: DecimalType, narrower: DecimalType)              => narrower.scale <= wider.scale
      case (LongType | _: DecimalType, LongType)                    => true
      case (LongType | DoubleType | _: DecimalType, _: DecimalType) => false
      case (LongType | DoubleType | _: DecimalType, ByteType | ShortType | IntegerType) => true
      case (DoubleType, FloatType | DoubleType)                                         => true
      case (TimestampNTZType, TimestampNTZType | TimestampType | DateType)              => true
      case (StringType, _: StringType | BinaryType)                                     => true
      case (StringType, nested) => isNested(nested)
      case (same, other)        => same == other
    }

  /** A column in the contract's type; bare where it is so already, for filters to reach it. */
  private def native(cell: Cell, found: DataType, expected: String): Cell =
    if (found == DataType.fromDDL(expected)) cell
    else if (isNested(found)) to_json(cell)
    else cell.cast(expected) // in the session's zone, which is UTC

  private def isNested(found: DataType) = found match {
    case _: StructType | _: MapType | _: ArrayType => true
    case _                                         => false
  }
}
