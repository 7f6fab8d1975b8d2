package shop
package sinks

import java.nio.file.{Files, Path}

import core._

/** Parquet as a sink: a folder of files for each table, for any consumer's `*.parquet`.
  *
  * `<path>/<pipeline>/<table>/<part>.parquet`, with the ledger in `<path>/ledger/<pipeline>/`. A
  * file is replaced in one step, so that a consumer never sees two versions of a part. The ledger
  * follows the tables; a run that was killed in between is finished by the next one. One run of a
  * pipeline writes at a time; readers are never locked out. Nothing is made before the first commit
  * but the ledger's lock.
  */
final case class Parquet(path: Path) extends PartSink with Overwritable {
  def layout(dataset: Dataset): Layout =
    InPlace(PartFolder(FileLedger(path, dataset.name)), dataset.contract.tables.keySet)
}

/** One file for each part, under one name. */
final case class InPlace(folder: PartFolder, promised: Set[String]) extends Layout {
  val replaces: Boolean = true

  /** Removes emptied files where consumers have no promise: one may be about to open them. */
  def ready(write: Boolean): Unit = {
    val parts = folder.parts()
    Parts.require(parts)(part => part.file == name(part.part, 0))
    if (write) {
      val newest = parts.map(part => folder.placed(part) -> part).toMap
      newest.foreach { case (file, part) =>
        if (part.rows == 0 && !promised(part.table)) Files.deleteIfExists(file)
      }
    }
  }

  def files(table: String): Map[String, Path] =
    PartFolder
      .files(folder.table(table))
      .map(file => file.getFileName.toString.stripSuffix(".parquet") -> file)
      .toMap

  def name(part: String, number: Int): String = s"$part.parquet"

  /** An emptied part stays, as a file without rows. */
  def place(part: Part): Unit = {
    val placed = folder.placed(part)
    if (part.rows > 0 || Files.exists(placed)) PartFolder.move(folder.prepared(part), placed)
  }
}
