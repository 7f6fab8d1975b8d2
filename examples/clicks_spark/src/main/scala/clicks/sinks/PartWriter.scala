package clicks
package sinks

import java.nio.file.{Files, Path}

import scala.util.Using

import org.apache.hadoop.fs.FileUtil.fullyDelete
import org.apache.hadoop.fs.{Path => HadoopPath}
import org.apache.parquet.HadoopReadOptions
import org.apache.parquet.hadoop.ParquetFileReader
import org.apache.parquet.hadoop.util.HadoopInputFile
import org.apache.spark.sql.functions.col
import org.apache.spark.sql.{DataFrame, SparkSession}

import core._

/** Writes files aside, one for each part, with rows in an order that does not depend on the run.
  *
  * Spark writes where no consumer looks, and what else it leaves there (`_SUCCESS`, checksums) goes
  * with that folder.
  */
final case class PartWriter(spark: SparkSession, folder: PartFolder) {
  private val some = folder.aside.resolve("rows")
  private val without = folder.aside.resolve("no rows")

  /** Writes rows by their column `_part`. A part that no row is left of is a file without rows. */
  def write(table: Table, parts: Seq[Part], rows: DataFrame): Seq[Part] = {
    rows
      .repartition(col(PartWriter.Key))
      .sortWithinPartitions((PartWriter.Key +: Parts.order(table)).map(col): _*)
      .write
      .partitionBy(PartWriter.Key)
      .option("maxRecordsPerFile", 0)
      .parquet(some.toString)
    lazy val empty = none(table)
    parts.foreach { part =>
      PartFolder.files(some.resolve(s"${PartWriter.Key}=${part.part}")) match {
        case Seq()     => Files.copy(empty, folder.prepared(part))
        case Seq(file) => PartFolder.move(file, folder.prepared(part))
        case several   => throw Failed(s"${part.file} became ${several.size} files")
      }
    }
    drop()
    parts.map(counted)
  }

  /** A file without rows that has the columns of a table. */
  def none(table: Table): Path = {
    table.empty(spark).write.parquet(without.toString)
    PartFolder.files(without).head
  }

  def drop(): Unit = Seq(some, without).foreach(path => fullyDelete(path.toFile))

  /** With its number of rows, from the file itself: a query would take longer than the writing. */
  private def counted(part: Part) = {
    val conf = spark.sparkContext.hadoopConfiguration
    val file = HadoopInputFile.fromPath(new HadoopPath(folder.prepared(part).toUri), conf)
    val reader = ParquetFileReader.open(file, HadoopReadOptions.builder(conf).build())
    part.copy(rows = Using.resource(reader)(_.getRecordCount))
  }
}

object PartWriter {

  /** The column with the part of a row. */
  val Key = "_part"
}
