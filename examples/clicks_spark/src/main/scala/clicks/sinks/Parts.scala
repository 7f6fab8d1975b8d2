package clicks
package sinks

import java.nio.file.Path

import org.apache.spark.sql.functions.{col, lit}
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, SparkSession}

import core._

/** Which files of a table count, and how an attempt's files come to count. */
trait Layout {
  def folder: PartFolder

  /** Whether rows can be replaced. */
  def replaces: Boolean

  /** Called when the folder is open. */
  def ready(write: Boolean): Unit

  /** The file of each part. */
  def files(table: String): Map[String, Path]

  /** The name of the file that attempt `number` writes for a part. */
  def name(part: String, number: Int): String

  /** Puts a prepared file in place, in one step. */
  def place(part: Part): Unit
}

/** A part is the piece of a table that is one file.
  *
  * It is small enough to be written again whenever some of its rows change, and large enough that a
  * table is not thousands of tiny files. What a part is called doesn't matter to what is read.
  */
object Parts {

  /** The column with the name of the file that a row was read from. */
  val Stored = "_path"

  /** Refuses a folder that another layout has written to: each would publish what the other has. */
  def require(parts: Seq[Part])(ours: Part => Boolean): Unit =
    parts.find(!ours(_)).foreach { other =>
      throw UsageError(
        s"${other.table}/${other.file} was written by another kind of sink: begin with an empty " +
          "one (`warehouse` in conf/), or set the sink back as it was"
      )
    }

  /** SQL for the part of a row: its unit, or else its day; the month of a daily aggregate.
    *
    * What is always replaced as a whole is one part, so that it is replaced in one step.
    */
  def of(table: Table, eventTime: Option[String], whole: Boolean): String = {
    val kinds = table.columns.map(column => column.name -> column.kind).toMap
    if (whole) "'all'"
    else if (kinds.contains("_unit"))
      "coalesce(regexp_replace(CAST(_unit AS STRING), '[^0-9]+', '-'), 'none')"
    else
      eventTime.filter(kinds.contains) match {
        case Some(time) => s"coalesce(date_format(`$time`, 'yyyy-MM-dd'), 'none')"
        case None if kinds.get("day").contains("DATE") =>
          "coalesce(date_format(day, 'yyyy-MM'), 'none')"
        case None => "'all'"
      }
  }

  /** The same rows are written in the same order: by key or place in the source, then by all. */
  def order(table: Table): Seq[String] = {
    val place = Seq("_file", "_row").filter(_ => table.names.contains("_row"))
    ((if (table.key.isEmpty) place else table.key) ++ table.names).distinct
  }

  /** Rows of files. They have all columns of the table; those that no file has yet are empty. */
  def read(spark: SparkSession, table: Table, files: Iterable[Path]): DataFrame =
    if (files.isEmpty) table.empty(spark).withColumn(Stored, lit(""))
    else {
      val columns = table.names.map(col) :+ col("_metadata.file_name").as(Stored)
      spark.read.schema(table.schema).parquet(literal(files): _*).select(columns: _*)
    }

  /** The columns that are in any of some files; those of the table, if there is no file. */
  def columns(spark: SparkSession, table: Table, files: Iterable[Path]): StructType =
    if (files.isEmpty) table.schema
    else spark.read.option("mergeSchema", "true").parquet(literal(files): _*).schema

  private def literal(files: Iterable[Path]) =
    files.map(file => Engine.literal(file.toAbsolutePath.toString)).toSeq
}
