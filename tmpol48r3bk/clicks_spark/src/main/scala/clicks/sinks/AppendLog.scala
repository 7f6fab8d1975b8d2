package clicks
package sinks

import java.nio.file.Path
import java.util.UUID

import core._

/** A log of files as a sink: files are added, and none is ever changed or deleted.
  *
  * `<path>/<pipeline>/<table>/<attempt>-<part>.parquet`, ledger in `<path>/ledger/<pipeline>/`. A
  * file counts once an attempt in the ledger names it. What an attempt that never got there left is
  * not seen. One run of a pipeline writes at a time; readers are never locked out.
  */
final case class AppendLog(path: Path) extends PartSink {
  def layout(dataset: Dataset): Layout = new Log(PartFolder(FileLedger(path, dataset.name)))
}

/** Every file counts that the ledger names. */
class Log(val folder: PartFolder) extends Layout {
  private var parts = Vector.empty[Part]

  def replaces: Boolean = false

  def ready(write: Boolean): Unit = {
    parts = folder.parts().toVector
    Parts.require(parts)(part => part.file != s"${part.part}.parquet")
  }

  def files(table: String): Map[String, Path] = {
    val counting = named(table).filter(_.rows > 0)
    counting.map(part => part.file -> folder.placed(part)).toMap
  }

  /** What the ledger names of a table, oldest first. */
  protected def named(table: String): Seq[Part] = parts.filter(_.table == table)

  /** A name that no attempt had before, nor one that failed. */
  def name(part: String, number: Int): String =
    f"$number%08d_${UUID.randomUUID.toString.take(8)}-$part.parquet"

  /** An attempt that leaves a part without rows says so in the ledger alone. */
  def place(part: Part): Unit = {
    if (part.rows > 0) PartFolder.move(folder.prepared(part), folder.placed(part))
    parts :+= part
  }
}
