package flights
package core

import java.nio.channels.{FileChannel, OverlappingFileLockException}
import java.nio.file.StandardOpenOption.{CREATE, WRITE}
import java.nio.file.{FileAlreadyExistsException, Files, Path}

import scala.jdk.CollectionConverters._
import scala.util.Using

import upickle.default.{ReadWriter, macroRW, read, write}
import upickle.implicits.serializeDefaults

/** A file that an attempt wrote for a part of a table. */
@serializeDefaults(true)
final case class Part(table: String, part: String, file: String, rows: Long = 0)

object Part {
  implicit val json: ReadWriter[Part] = macroRW
}

/** What one ledger file holds. */
@serializeDefaults(true)
final case class Attempt(number: Int, entries: Seq[Entry] = Nil, parts: Seq[Part] = Nil)

object Attempt {
  implicit val json: ReadWriter[Attempt] = macroRW
}

/** The ledger of a sink that is a folder: `<root>/ledger/<name>/00000001.json`, …, one an attempt.
  *
  * A file is created whole and never replaced, so of two runs that race for a number one fails.
  */
final case class FileLedger(root: Path, name: String) {
  val folder: Path = root.resolve("ledger").resolve(name)

  /** All that were published, oldest first. */
  def attempts(): Seq[Attempt] = files().map(file => read[Attempt](Files.readString(file)))

  def history(): History = History(attempts().flatMap(_.entries))

  /** The number of the next attempt. */
  def next(): Int =
    files().lastOption.fold(0)(_.getFileName.toString.takeWhile(_.isDigit).toInt) + 1

  def file(number: Int): Path = folder.resolve(f"$number%08d.json")

  /** Holds the lock of writers, which dies with its process. Readers know no lock. */
  def alone[A](work: => A): A = {
    Files.createDirectories(folder)
    Using.resource(FileChannel.open(folder.resolve(".lock"), CREATE, WRITE)) { channel =>
      val lock =
        try Option(channel.tryLock())
        catch { case _: OverlappingFileLockException => None }
      if (lock.isEmpty) throw otherRun
      work
    }
  }

  /** Writes the file of an attempt, which makes it count. */
  def publish(attempt: Attempt): Unit = {
    val draft = folder.resolve(".draft")
    OnDisk.write(draft, write(attempt))
    try Files.createLink(file(attempt.number), draft)
    catch { case _: FileAlreadyExistsException => throw otherRun }
    finally Files.delete(draft)
    OnDisk.wait(folder)
  }

  def otherRun: NotReady = NotReady(s"another run writes to $folder; try again when it has ended")

  private def files() =
    if (!Files.isDirectory(folder)) Nil
    else
      Using.resource(Files.list(folder)) { found =>
        found.iterator.asScala.filter(_.getFileName.toString.matches("\\d+\\.json")).toSeq.sorted
      }
}

object OnDisk {

  /** Writes a file, and waits until it has reached the disk. */
  def write(file: Path, text: String): Unit = {
    Files.writeString(file, text)
    wait(file)
  }

  /** Waits until a file has reached the disk, or a folder with the names of its files. */
  def wait(path: Path): Unit =
    Using.resource(FileChannel.open(path))(_.force(true))
}
