package clicks
package sources

import java.io.{BufferedReader, InputStreamReader}
import java.net.URI
import java.nio.charset.StandardCharsets.UTF_8

import scala.collection.concurrent.TrieMap
import scala.util.Using

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.Path
import org.apache.spark.sql.functions.{
  col,
  collect_set,
  explode_outer,
  expr,
  map_keys,
  not,
  trim,
  udf,
  when
}
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.slf4j.LoggerFactory

import core._

/** JSON lines: one object a line, its values read as text by their keys.
  *
  * A line that is no object is kept as it is, for quarantine. A nested value stays JSON.
  */
final case class JsonLines(keepNewColumns: Boolean = false) extends Format {

  def cheap: Boolean = false

  def raw(columns: Seq[Column]): Seq[Column] = columns.map(_.copy(kind = "STRING"))

  def scan(
      spark: SparkSession,
      files: Seq[Found],
      columns: Seq[Column],
      span: Option[Span]
  ): DataFrame = {
    val hadoop = spark.sparkContext.hadoopConfiguration
    files.find(JsonLines.isCutOff(hadoop, _)).foreach(file => throw FileListing.cutOff(file))
    val grown = JsonLines.keys(spark, files).collect {
      case (file, Some(keys)) if hasMore(file, keys, columns) => file.path
    }
    val cells = columns.map(column => col("_cells").getItem(column.source).as(column.name))
    val kept =
      if (keepNewColumns) JsonLines.path(col("_file")).isin(grown.toSeq: _*) else expr("false")
    val problem = when(not(col("_text")), "not a line of text")
      .when(col("_cells").isNull, "not a JSON object")
    val line = when(col("_cells").isNull || kept, expr("make_valid_utf8(_line)"))
    val traces = Seq("_file", "_row").map(col)
    JsonLines
      .lines(spark, files)
      .select(cells ++ traces :+ problem.as("_problem") :+ line.as("_line"): _*)
  }

  /** Refuses a file that has lines, but a column in none of them; reports one with more. */
  private def hasMore(file: Found, keys: Set[String], columns: Seq[Column]) = {
    val expected = columns.map(_.source)
    val missing = expected.filterNot(keys)
    if (missing.nonEmpty) {
      val lacks = s"${file.path} has no ${missing.mkString(", ")} in any line"
      throw Failed(s"$lacks: renamed or removed at the source")
    }
    val added = (keys -- expected).toSeq.sorted
    if (added.nonEmpty) JsonLines.log.warn(s"${file.path} has new columns: ${added.mkString(", ")}")
    added.nonEmpty
  }
}

object JsonLines {
  private val log = LoggerFactory.getLogger(getClass)

  /** The keys of the objects of files, None for a file without lines. */
  private val known = TrieMap.empty[Found, Option[Set[String]]]

  /** Whether files have a last line that is a piece of one. */
  private val cut = TrieMap.empty[Found, Boolean]

  private val path = udf((uri: String) => new Path(new URI(uri)).toString)

  /** The lines of some files but for empty ones, each with its object if it is one. */
  private def lines(spark: SparkSession, files: Seq[Found]): DataFrame = {
    val text = expr("is_valid_utf8(value)")
    spark.read
      .text(files.map(_.literal): _*)
      .select(FileListing.traces :+ col("value").as("_line") :+ text.as("_text"): _*)
      .where(trim(col("_line")) =!= "")
      .withColumn("_cells", when(col("_text"), JsonObject.parsed(col("_line"))))
  }

  /** Whether the last line is no JSON, nor blank: once for each content, not for each window. */
  private def isCutOff(hadoop: Configuration, file: Found) = cut.getOrElseUpdate(
    file,
    !FileListing.whole(hadoop, file) && {
      val stream = FileListing.opened(hadoop, file)
      Using.resource(new BufferedReader(new InputStreamReader(stream, UTF_8))) { reader =>
        !JsonObject.isJson(reader.lines.reduce("", (_, line) => line))
      }
    }
  )

  /** The keys of each file: once for each content, not for each window. */
  private def keys(spark: SparkSession, files: Seq[Found]): Map[Found, Option[Set[String]]] = {
    val unknown = files.filterNot(known.contains)
    if (unknown.nonEmpty) {
      val key = explode_outer(map_keys(col("_cells"))).as("_key")
      val found = lines(spark, unknown)
        .select(path(col("_file")).as("_path"), key)
        .groupBy("_path")
        .agg(collect_set("_key"))
        .collect()
        .map(row => row.getString(0) -> row.getSeq[String](1).toSet)
        .toMap
      unknown.foreach(file => known(file) = found.get(file.path))
    }
    files.map(file => file -> known(file)).toMap
  }
}
