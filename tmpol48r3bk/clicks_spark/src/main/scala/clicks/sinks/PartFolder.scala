package clicks
package sinks

import java.nio.file.StandardCopyOption.{ATOMIC_MOVE, REPLACE_EXISTING}
import java.nio.file.{FileAlreadyExistsException, Files, Path}

import scala.jdk.CollectionConverters._
import scala.util.Using

import org.apache.hadoop.fs.FileUtil.fullyDelete
import upickle.default.{read, write}

import core._

/** The tables of a file sink, `<root>/<name>/<table>/`, and how an attempt at them is published.
  *
  * Everything that an attempt writes is prepared aside. From the moment at which its ledger file
  * lies there whole, as `pending`, the attempt will be published, by this run or by the next one.
  * Until then nothing of it is. So a run that is killed leaves no unit half done for ever.
  */
final case class PartFolder(ledger: FileLedger) {
  def root: Path = ledger.root
  private val folder = root.resolve(ledger.name)

  /** Where an attempt is prepared. */
  val aside: Path = folder.resolve(".tmp").resolve("next")
  private val pending = aside.resolve("pending")

  def table(name: String): Path = folder.resolve(name)

  def placed(part: Part): Path = table(part.table).resolve(part.file)

  /** A file of an attempt, under a name that no consumer's `*.parquet` matches. */
  def prepared(part: Part): Path = aside.resolve(s"${part.table}.${part.file}.tmp")

  /** All files that attempts named, oldest first. */
  def parts(): Seq[Part] = ledger.attempts().flatMap(_.parts)

  /** An empty folder for the files of the next attempt. */
  def prepare(): Unit = {
    drop()
    Files.createDirectories(aside)
    ()
  }

  /** Drops what was prepared and is not pending. */
  def drop(): Unit = {
    fullyDelete(aside.getParent.toFile)
    ()
  }

  /** All that takes space is written by now, or here, before anything is put in place. */
  def publish(attempt: Attempt, place: Part => Unit): Unit = {
    if (Files.exists(ledger.file(attempt.number))) throw ledger.otherRun
    val draft = aside.resolve("draft")
    Files.writeString(draft, write(attempt))
    (attempt.parts.map(prepared) :+ draft).foreach(OnDisk.wait)
    PartFolder.move(draft, pending)
    finish(place)
  }

  /** Puts the files of a pending attempt in place, table by table, its ledger file last. */
  def finish(place: Part => Unit): Unit = if (Files.exists(pending)) {
    val attempt = read[Attempt](Files.readString(pending))
    for (part <- attempt.parts if Files.exists(prepared(part))) { // or else it is in place already
      Files.createDirectories(table(part.table))
      place(part)
    }
    attempt.parts.map(part => table(part.table)).distinct.foreach(OnDisk.wait)
    record(ledger.file(attempt.number))
    Files.delete(pending)
  }

  private def record(file: Path): Unit = {
    try Files.createLink(file, pending)
    catch {
      case _: FileAlreadyExistsException =>
        if (Files.mismatch(file, pending) >= 0) {
          Files.delete(pending)
          throw ledger.otherRun
        }
    }
    OnDisk.wait(ledger.folder)
  }
}

object PartFolder {
  def name(file: Path): String = file.getFileName.toString

  /** Gives a file another name, in one step, also if a file has that name. */
  def move(from: Path, to: Path): Unit = {
    Files.move(from, to, ATOMIC_MOVE, REPLACE_EXISTING)
    ()
  }

  /** The Parquet files in a folder, if there is one, in order. */
  def files(folder: Path): Seq[Path] =
    if (!Files.isDirectory(folder)) Nil
    else Using.resource(Files.newDirectoryStream(folder, "*.parquet"))(_.asScala.toSeq.sorted)
}
