package sinks

import java.io.IOException
import java.nio.file.{Files, Path}

import org.apache.spark.sql.functions.{col, expr, udf}
import org.apache.spark.sql.{DataFrame, SparkSession}

import core._

/** Tables as folders of Parquet files, one for each part: what the file sinks have in common. */
object PartFiles {

  /** Opens the folder. To write is to be alone, and begins with what a killed run left. */
  def open[A](layout: Layout, pipeline: Pipeline[_], spark: SparkSession, write: Boolean)(
      use: PartStore => A
  ): A = {
    val folder = layout.folder
    def opened() = {
      layout.ready(write)
      use(new PartStore(layout, pipeline, spark))
    }
    try
      if (!write) opened()
      else
        folder.ledger.alone {
          folder.finish(layout.place)
          folder.drop()
          opened()
        }
    catch {
      case error: IOException =>
        throw EnvironmentFailure(s"cannot use ${folder.ledger.root}: $error")
    }
  }
}

/** The open folder. It is written to by one transaction at a time. */
final class PartStore(layout: Layout, pipeline: Pipeline[_], val spark: SparkSession)
    extends Store {
  val tables: Seq[Table] = pipeline.steps.map(_.table)

  def history(): History = layout.folder.ledger.history()

  def table(name: String): DataFrame = {
    val found = tables.find(_.name == name).get
    Parts.read(spark, found, layout.files(name).values).drop(Parts.Stored)
  }

  /** Writes new files aside, and publishes them when all of them are there. */
  def transact(session: SparkSession)(work: Transaction => Seq[Entry]): Seq[Entry] = synchronized {
    layout.folder.finish(layout.place)
    layout.folder.prepare()
    val into = new PartTransaction(session, layout, layout.folder.ledger.next())
    val entries = work(into)
    layout.folder.publish(Attempt(into.number, entries, into.parts), layout.place)
    entries
  }

  final private class PartTransaction(session: SparkSession, layout: Layout, val number: Int)
      extends Transaction {
    private val folder = layout.folder
    var parts: Vector[Part] = Vector.empty

    def table(name: String): DataFrame = {
      val found = tables.find(_.name == name).get
      Parts.read(session, found, files(name).values).drop(Parts.Stored)
    }

    def append(table: Table, coming: DataFrame): Unit = change(table, Rows.Where("false"), coming)

    def replace(table: Table, leaving: Rows, coming: DataFrame): Unit = {
      if (!layout.replaces)
        throw UsageError(s"${table.name}: this sink only adds rows, and they must be replaced")
      change(table, leaving, coming)
    }

    /** The file of each part, as this transaction sees it. */
    private def files(table: String) = {
      val mine = parts.filter(_.table == table)
      layout.files(table) ++ mine.map(part => part.part -> folder.prepared(part))
    }

    /** Writes a new file for each part that loses or gets rows. */
    private def change(table: Table, leaving: Rows, coming: DataFrame): Unit = {
      val key = expr(Parts.of(table, pipeline.source.eventTime, whole = leaving == Rows.all))
      val typed = table.schema.map(field => col(field.name).cast(field.dataType).as(field.name))
      val added = coming.select(typed: _*).withColumn("_part", key).persist()
      try {
        val before = files(table.name)
        val parts = before.map { case (part, file) => file.getFileName.toString -> part }
        val part = udf(parts)
        val all = Parts.read(session, table, before.values)
        val touched = texts(leaving.of(all).select(Parts.Stored)).map(parts) ++
          texts(added.select("_part"))
        val old = Parts.read(session, table, touched.flatMap(before.get))
        val staying = leaving.notOf(old).withColumn("_part", part(col(Parts.Stored)))
        write(table, touched, staying.drop(Parts.Stored).unionByName(added))
      } finally {
        added.unpersist()
        ()
      }
    }

    private def texts(one: DataFrame) = one.distinct().collect().map(_.getString(0)).toSet

    /** Writes rows aside by `_part`; a part without rows is a file without rows. */
    private def write(table: Table, touched: Set[String], rows: DataFrame): Unit = {
      val (scratch, empty) = (folder.aside.resolve("rows"), folder.aside.resolve("empty"))
      rows
        .repartition(col("_part"))
        .sortWithinPartitions(("_part" +: Parts.order(table)).map(col): _*)
        .write
        .partitionBy("_part")
        .mode("overwrite")
        .parquet(scratch.toString)
      Parts.nothing(session, table).write.mode("overwrite").parquet(empty.toString)
      val made = touched.toSeq.sorted.map { name =>
        val part = Part(table.name, name, layout.name(name, number))
        PartFolder.files(scratch.resolve(s"_part=$name")).headOption match {
          case Some(file) => PartFolder.move(file, folder.prepared(part))
          case None => Files.copy(PartFolder.files(empty).head, folder.prepared(part))
        }
        part
      }
      val counted = counts(table, made.map(folder.prepared))
      parts = parts.filterNot(old => old.table == table.name && touched(old.part)) ++
        made.map(part => part.copy(rows = counted(folder.prepared(part).getFileName.toString)))
    }

    private def counts(table: Table, files: Seq[Path]): Map[String, Long] =
      Parts
        .read(session, table, files)
        .groupBy(Parts.Stored)
        .count()
        .collect()
        .map(row => row.getString(0) -> row.getLong(1))
        .toMap
        .withDefaultValue(0L)
  }
}
