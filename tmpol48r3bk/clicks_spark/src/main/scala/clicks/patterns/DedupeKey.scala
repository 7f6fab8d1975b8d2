package clicks
package patterns

import java.nio.file.{Files, Path}
import java.util.zip.CRC32

import core._
import sinks._

/** Deduplicating key: rows are replaced on storage that only adds, as new versions of their part.
  *
  * An attempt writes a part that it touches once more, whole, and the newest version counts. So
  * each row is there once, although older versions stay for ever. `views.sql` tells consumers how
  * to read, in the SQL of Spark.
  */
final case class DedupeKey(sink: AppendLog) extends PartSink with Overwritable {
  def layout(dataset: Dataset): Layout =
    new Newest(PartFolder(FileLedger(sink.path, dataset.name)))

  /** There are views for consumers when the sink is opened for the first time. */
  override def begin(store: PartStore): Unit = Views(store).publish()
}

/** The newest file of each part counts; a part that was left without rows has none. */
final class Newest(folder: PartFolder) extends Log(folder) {
  override def replaces: Boolean = true

  override def files(table: String): Map[String, Path] = {
    val newest = named(table).map(part => part.part -> part).toMap
    newest.collect { case (name, part) if part.rows > 0 => name -> folder.placed(part) }
  }
}

/** `views.sql`. A view takes files when it is asked, so it is true for ever.
  *
  * It lists the ledger before the tables, so that it finds every file that the ledger names.
  */
final case class Views(store: PartStore) {
  private val folder = store.folder
  private val ledger = folder.ledger

  def publish(): Unit = {
    folder.prepare()
    if (ledger.attempts().isEmpty) // so that there is something to list, as below
      folder.publish(Attempt(0), store.layout.place)
    store.tables.foreach(promise)
    val schema = s"CREATE SCHEMA IF NOT EXISTS ${ledger.name};"
    val text = (schema +: store.tables.map(view)).mkString("\n")
    val views = folder.table("views.sql")
    if (!Files.exists(views) || Files.readString(views) != text) {
      val draft = folder.aside.resolve("views")
      Files.writeString(draft, text)
      PartFolder.move(draft, views)
    }
  }

  /** An empty file, so that there are the columns of a table before its first row. */
  private def promise(table: Table): Unit = {
    val columns = table.columns.map(column => s"${column.name} ${column.kind}").mkString(", ")
    val sum = new CRC32
    sum.update(columns.getBytes("utf-8"))
    val empty = folder.table(table.name).resolve(f"0-${sum.getValue}%08x.parquet")
    if (!Files.exists(empty)) {
      Files.createDirectories(empty.getParent)
      val writer = PartWriter(store.spark, folder)
      PartFolder.move(writer.none(table), empty)
      writer.drop()
    }
  }

  private def view(table: Table): String = {
    def quoted(path: Path) = s"`${path.toAbsolutePath.toString.replace("`", "``")}`"
    val files = quoted(folder.table(table.name))
    s"""CREATE OR REPLACE VIEW ${ledger.name}.${table.name} AS
       |WITH ledger AS (
       |  SELECT _metadata.file_name AS attempt, explode(from_json(value, ${Views.Parts}).parts) AS part
       |  FROM text.${quoted(ledger.folder)}
       |), newest AS (
       |  SELECT max_by(part.file, attempt) AS file
       |  FROM ledger WHERE part.table = ${Sql.literal(table.name)} GROUP BY part.part
       |)
       |SELECT ${table.names.map(name => s"`$name`").mkString(", ")}
       |FROM newest JOIN parquet.$files WITH ('mergeSchema' = 'true') AS stored
       |  ON stored._metadata.file_name = file;
       |""".stripMargin
  }
}

object Views {
  private val Parts = Sql.literal("parts ARRAY<STRUCT<table: STRING, part: STRING, file: STRING>>")
}
