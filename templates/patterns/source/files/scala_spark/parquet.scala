package sources

import scala.collection.concurrent.TrieMap

import org.apache.hadoop.fs.Path
import org.apache.parquet.format.converter.ParquetMetadataConverter.SKIP_ROW_GROUPS
import org.apache.parquet.hadoop.Footer
import org.apache.parquet.hadoop.util.HadoopInputFile
import org.apache.spark.sql.execution.datasources.parquet.{
  ParquetFileFormat,
  ParquetFooterReader,
  ParquetToSparkSchemaConverter
}
import org.apache.spark.sql.functions.{col, lit, struct, to_json}
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

  def raw(columns: Seq[Column]): Seq[Column] = columns

  /** One read for each distinct schema: each is checked, and none hides another's columns. */
  def scan(spark: SparkSession, files: Seq[Found], columns: Seq[Column]): DataFrame = {
    val schemas = files.groupBy(file => ParquetFiles.schemaOf(spark, file)).toSeq
    schemas.map { case (schema, some) => read(spark, schema, some, columns) }.reduce(_ union _)
  }

  private def read(
      spark: SparkSession,
      schema: StructType,
      files: Seq[Found],
      columns: Seq[Column]
  ) = {
    val types = schema.map(field => field.name -> field.dataType).toMap
    val first = files.map(_.path).min
    refuse(first, types, columns)
    val added = schema.names.toSeq.diff(columns.map(_.source))
    if (added.nonEmpty)
      ParquetFiles.log.warn(s"$first has new columns: ${added.mkString(", ")}")
    val line =
      if (added.isEmpty || !keepNewColumns) lit(null) else to_json(struct(added.map(cell): _*))
    val fields = columns.map { column =>
      ParquetFiles.native(cell(column.source), types(column.source), column.kind).as(column.name)
    }
    val traces = Seq("_file" -> "file_path", "_row" -> "row_index").map { case (name, source) =>
      col(s"_metadata.$source").as(name)
    }
    val nothing = lit(null).cast("string")
    spark.read
      .schema(schema)
      .parquet(files.map(_.path): _*)
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

  private def cell(name: String) = col(s"`${name.replace("`", "``")}`")
}

object ParquetFiles {
  private val log = LoggerFactory.getLogger(getClass)

  /** The columns of files: once for each content, not for each window. */
  private val schemas = TrieMap.empty[Found, StructType]

  private def schemaOf(spark: SparkSession, file: Found): StructType =
    schemas.getOrElseUpdate(file, footer(spark, new Path(file.path)))

  /** What `spark.read.parquet` would find, which takes a job for each file. */
  private def footer(spark: SparkSession, path: Path) = {
    val file = HadoopInputFile.fromPath(path, spark.sparkContext.hadoopConfiguration)
    val found = new Footer(path, ParquetFooterReader.readFooter(file, SKIP_ROW_GROUPS))
    val types = new ParquetToSparkSchemaConverter(SQLConf.get)
    StructType(ParquetFileFormat.readSchemaFromFooter(found, types).map(_.copy(nullable = true)))
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
