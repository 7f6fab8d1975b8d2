package clicks
package sinks

import java.nio.file.Path

import org.apache.spark.sql.functions.{col, expr, udf}
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, SparkSession}

import core._

/** Tables as folders of Parquet files, one for each part: what the file sinks have in common. */
trait PartSink extends Sink {

  /** Which files count, and how they come to. */
  def layout(dataset: Dataset): Layout

  /** What is done whenever the folder has been opened to write. */
  def begin(store: PartStore): Unit = ()

  /** Opens the folder. To write is to be alone, and begins with what a killed run left. */
  def open[A](dataset: Dataset, spark: SparkSession, write: Boolean)(use: Store => A): A = {
    val store = new PartStore(layout(dataset), dataset, spark)
    if (!write) use(store.ready(write))
    else
      store.folder.ledger.alone {
        store.folder.finish(store.layout.place)
        store.folder.drop()
        begin(store.ready(write))
        use(store)
      }
  }
}

/** The open folder. It is written to by one transaction at a time. */
final class PartStore(val layout: Layout, dataset: Dataset, val spark: SparkSession) extends Store {
  val folder: PartFolder = layout.folder
  val tables: Seq[Table] = dataset.tables

  def ready(write: Boolean): PartStore = {
    layout.ready(write)
    this
  }

  def history(): History = folder.ledger.history()

  def table(name: String): DataFrame = published(spark, name, layout.files(name).values)

  /** The columns of its files, of whom `table` adds those that none has yet. */
  override def stored(name: String): StructType =
    Parts.columns(spark, dataset.table(name), layout.files(name).values)

  /** Writes new files aside, and publishes them when all of them are there. */
  def transact(session: SparkSession)(work: Transaction => Seq[Entry]): Seq[Entry] = synchronized {
    folder.finish(layout.place)
    folder.prepare()
    val number = folder.ledger.next()
    val into = new PartTransaction(session, number)
    val entries = work(into)
    folder.publish(Attempt(number, entries, into.written), layout.place)
    entries
  }

  private def published(session: SparkSession, name: String, files: Iterable[Path]) =
    Parts.read(session, dataset.table(name), files).drop(Parts.Stored)

  final private class PartTransaction(session: SparkSession, number: Int) extends Transaction {
    private val writer = PartWriter(session, folder)
    private var parts = Vector.empty[Part]

    def written: Seq[Part] = parts

    def table(name: String): DataFrame = published(session, name, files(name).values)

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

    /** Writes a new file for each part that loses or gets rows. A table that has no rows and gets
      * none, as quarantine mostly, takes no query.
      */
    private def change(table: Table, leaving: Rows, coming: DataFrame): Unit = {
      val before = files(table.name)
      if (before.nonEmpty || !Rows.none(coming)) {
        val part = Parts.of(table, dataset.eventTime, whole = leaving == Rows.all)
        val added = table.typed(coming).withColumn(PartWriter.Key, expr(part)).persist()
        try rewrite(table, before, leaving, added)
        finally {
          added.unpersist()
          ()
        }
      }
    }

    private def rewrite(
        table: Table,
        before: Map[String, Path],
        leaving: Rows,
        added: DataFrame
    ): Unit = {
      val partOf = udf(before.map { case (part, file) => PartFolder.name(file) -> part })
      val losing = leaving.of(read(table, before.values)).select(partOf(col(Parts.Stored)))
      val both = losing.union(added.select(PartWriter.Key)).distinct()
      val touched = both.collect().map(_.getString(0)).toSet
      if (touched.nonEmpty) {
        val staying = leaving
          .notOf(read(table, touched.flatMap(before.get)))
          .withColumn(PartWriter.Key, partOf(col(Parts.Stored)))
          .drop(Parts.Stored)
        val made =
          touched.toSeq.sorted.map(part => Part(table.name, part, layout.name(part, number)))
        parts = parts.filterNot(old => old.table == table.name && touched(old.part)) ++
          writer.write(table, made, staying.unionByName(added))
      }
    }

    private def read(table: Table, files: Iterable[Path]) = Parts.read(session, table, files)
  }
}
