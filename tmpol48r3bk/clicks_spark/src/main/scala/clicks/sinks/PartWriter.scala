package clicks
package sinks

import java.nio.file.{Files, Path}

import org.apache.hadoop.fs.FileUtil.fullyDelete
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
    counted(table, parts)
  }

  /** A file without rows that has the columns of a table. */
  def none(table: Table): Path = {
    table.empty(spark).write.parquet(without.toString)
    PartFolder.files(without).head
  }

  def drop(): Unit = Seq(some, without).foreach(path => fullyDelete(path.toFile))

  private def counted(table: Table, parts: Seq[Part]) = {
    val rows = Parts
      .read(spark, table, parts.map(folder.prepared))
      .groupBy(Parts.Stored)
      .count()
      .collect()
      .map(row => row.getString(0) -> row.getLong(1))
      .toMap
    parts.map(part => part.copy(rows = rows.getOrElse(PartFolder.name(folder.prepared(part)), 0L)))
  }
}

object PartWriter {

  /** The column with the part of a row. */
  val Key = "_part"
}
