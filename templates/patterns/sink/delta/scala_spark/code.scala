package sinks

import java.nio.file.StandardCopyOption.ATOMIC_MOVE
import java.nio.file.{Files, Path}

import io.delta.tables.DeltaTable
import org.apache.spark.sql.delta.DeltaLog
import org.apache.spark.sql.functions.{col, lit}
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, SparkSession}
import upickle.default.write

import core._

/** Delta as a sink: `<path>/<pipeline>/<table>/`, with the ledger in `<path>/ledger/<pipeline>/`.
  *
  * Each table of a unit is replaced in one commit of Delta, in order, and the ledger file follows.
  * Before that the versions of all tables are noted: what a run that failed, or was killed, had
  * written is taken back by restoring them. One run of a pipeline writes at a time; readers never
  * wait.
  */
final case class Delta(path: Path) extends Overwritable {

  override def needed: Map[String, String] = Map(
    "spark.sql.extensions" -> "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog" -> "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.snapshotPartitions" -> "2" // of a table's log: 50 are for large ones
  )

  def open[A](dataset: Dataset, spark: SparkSession, write: Boolean)(use: Store => A): A = {
    val store = new DeltaStore(FileLedger(path, dataset.name), dataset, spark)
    if (!write) use(store)
    else
      store.ledger.alone {
        store.make()
        store.takeBack()
        use(store)
      }
  }
}

final private class DeltaStore(
    val ledger: FileLedger,
    dataset: Dataset,
    val spark: SparkSession
) extends Store {
  private val tables = dataset.tables
  private val begun = ledger.folder.resolve(".begun")

  def history(): History = ledger.history()

  def table(name: String): DataFrame = read(spark, name)

  /** Makes the tables. Columns that are new since then are empty in old rows. */
  def make(): Unit = {
    val known = tables.map(table => table -> snapshot(table.name))
    Retyped.refuse(known.flatMap { case (table, there) => retyped(table, there.schema) })
    known.foreach { case (table, there) =>
      val added = table.columns.filterNot(column => there.schema.names.contains(column.name))
      if (there.version < 0)
        described(table).execute()
      else if (added.nonEmpty) {
        val columns = added.map(column => s"${column.name} ${column.kind}").mkString(", ")
        spark.sql(s"ALTER TABLE ${named(table)} ADD COLUMNS ($columns)")
      }
    }
  }

  /** Delta widens some types only: a table is made anew, as its next version. Lineage is not for
    * the contract to say.
    */
  private def retyped(table: Table, stored: StructType) = for {
    field <- table.schema if !field.name.startsWith("_")
    there <- stored.find(_.name == field.name) if there.dataType != field.dataType
  } yield {
    val (here, name) = (field.dataType.sql, s"`${field.name}`")
    val rows = s"SELECT * EXCEPT ($name), CAST($name AS $here) AS $name FROM ${named(table)}"
    val made = s"CREATE OR REPLACE TABLE ${named(table)} USING delta AS $rows"
    Retyped(s"${dataset.name}.${table.name}.${field.name}", there.dataType.sql, here, made)
  }

  private def named(table: Table) = s"delta.`${place(table.name)}`"

  /** Rows as they came are only asked for by their unit: no other statistics are made of them. */
  private def described(table: Table) = {
    val all = DeltaTable.create(spark).location(place(table.name)).addColumns(table.schema)
    if (table.names.contains("_line")) all.property("delta.dataSkippingStatsColumns", "_unit")
    else all
  }

  /** Takes back what an attempt wrote that never got into the ledger. */
  def takeBack(): Unit = if (Files.exists(begun)) {
    val (number, versions) = upickle.default.read[(Int, Map[String, Long])](Files.readString(begun))
    if (!Files.exists(ledger.file(number)))
      versions.foreach { case (name, version) =>
        if (snapshot(name).version > version) delta(spark, name).restoreToVersion(version)
      }
    Files.delete(begun)
  }

  def transact(session: SparkSession)(work: Transaction => Seq[Entry]): Seq[Entry] = synchronized {
    takeBack() // where that failed, the versions to begin from are not the newest ones
    val number = ledger.next()
    begin(number)
    try {
      val entries = work(new DeltaTransaction(session))
      ledger.publish(Attempt(number, entries))
      entries
    } finally takeBack()
  }

  private def begin(number: Int): Unit = {
    val versions = tables.map(table => table.name -> snapshot(table.name).version).toMap
    val draft = ledger.folder.resolve(".draft")
    OnDisk.write(draft, write(number -> versions))
    Files.move(draft, begun, ATOMIC_MOVE)
    OnDisk.wait(ledger.folder)
  }

  /** A table as its log has it, which takes no job. Before it is made its version is -1. */
  private def snapshot(name: String) = DeltaLog.forTable(spark, place(name)).update()

  private def place(name: String) =
    ledger.root.resolve(dataset.name).resolve(name).toAbsolutePath.toString

  private def delta(session: SparkSession, name: String) = DeltaTable.forPath(session, place(name))

  private def read(session: SparkSession, name: String) =
    if (Files.exists(Path.of(place(name)))) session.read.format("delta").load(place(name))
    else dataset.table(name).empty(session)

  final private class DeltaTransaction(session: SparkSession) extends Transaction {
    def table(name: String): DataFrame = read(session, name)

    def append(table: Table, coming: DataFrame): Unit =
      put(table, coming).mode("append").save(place(table.name))

    /** A table that has no rows and gets none, as quarantine mostly, needs no commit. */
    def replace(table: Table, leaving: Rows, coming: DataFrame): Unit =
      if (!bare(table) || !Rows.none(coming)) leaving match {
        case Rows.Where(sql) =>
          put(table, coming).mode("overwrite").option("replaceWhere", sql).save(place(table.name))
        case among: Rows.Among => merge(table, among, coming)
      }

    private def bare(table: Table) = snapshot(table.name).checksumOpt.exists(_.numFiles == 0)

    /** Rows that leave and rows that come, in one commit: those that leave match nothing else. */
    private def merge(table: Table, leaving: Rows.Among, coming: DataFrame): Unit = {
      val gone =
        leaving.of(this.table(table.name)).select(table.names.map(col): _*).localCheckpoint()
      val both =
        gone.withColumn("_comes", lit(false)).unionByName(coming.withColumn("_comes", lit(true)))
      val same =
        (table.names.map(name => col(s"old.$name") <=> col(s"new.$name")) :+ !col("new._comes"))
          .reduce(_ && _)
      delta(session, table.name)
        .as("old")
        .merge(both.as("new"), same)
        .whenMatched()
        .delete()
        .whenNotMatched(col("new._comes"))
        .insert(table.names.map(name => name -> col(s"new.$name")).toMap)
        .execute()
    }

    private def put(table: Table, coming: DataFrame) =
      coming.select(table.names.map(col): _*).write.format("delta")
  }
}
