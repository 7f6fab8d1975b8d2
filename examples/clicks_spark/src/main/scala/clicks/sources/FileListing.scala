package clicks
package sources

import java.io.{BufferedInputStream, EOFException, FileNotFoundException, InputStream}
import java.net.URI
import java.nio.file.attribute.BasicFileAttributes
import java.nio.file.{FileSystems, Files, NoSuchFileException, Paths}

import scala.collection.concurrent.TrieMap
import scala.util.{Try, Using}

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.{FSDataInputStream, FileStatus, FileSystem, Path}
import org.apache.hadoop.io.compress.CompressionCodecFactory
import org.apache.spark.sql.Column
import org.apache.spark.sql.expressions.UserDefinedFunction
import org.apache.spark.sql.functions.{col, lit, monotonically_increasing_id, udf}

import core.{Engine, Failed, Transient}

/** A file as it was listed. Its `stamp` changes whenever its content does. */
final case class Found(path: String, name: String, stamp: String, modified: Long) {
  def literal: String = Engine.literal(path)
}

/** The files that match a glob, on any file system that Hadoop knows.
  *
  * Not those that are being written, `_*` and `*.tmp`, nor hidden ones: `.*`, also of folders.
  */
final case class FileListing(glob: String) {
  private val wild = "[*?\\[]".r

  /** The folder before the first wildcard, which names are relative to. */
  private val root: String = {
    val parts = glob.split("/").toSeq
    val fixed = parts.indexWhere(wild.findFirstIn(_).isDefined)
    val kept = parts.take(if (fixed < 0) parts.size - 1 else fixed)
    if (kept.isEmpty) "." else if (kept == Seq("")) "/" else kept.mkString("/")
  }

  private val matcher = {
    val below = glob.stripPrefix(root).stripPrefix("/").replaceAll("[{}\\\\]", "\\\\$0")
    FileSystems.getDefault.getPathMatcher("glob:" + below.replace("**/", "{**/,}"))
  }

  /** The name of a file, from the URI that Spark calls it by. */
  def named(hadoop: Configuration): UserDefinedFunction = {
    val base = place(hadoop)
    val known = TrieMap.empty[String, String] // a file has many rows
    def name(uri: String) = new URI(uri).getPath.stripPrefix(base).stripPrefix("/")
    udf((uri: String) => known.getOrElseUpdate(uri, name(uri)))
  }

  private def place(hadoop: Configuration) = {
    val path = new Path(root)
    path.getFileSystem(hadoop).makeQualified(path).toUri.getPath
  }

  /** What is there now, by name. */
  def files(hadoop: Configuration): Seq[Found] = {
    val folder = new Path(root)
    val system = folder.getFileSystem(hadoop)
    val base = place(hadoop)
    val all =
      try {
        if (system.getUri.getScheme == "file") {
          // Hadoop takes a folder that this user may not see for one that is not there.
          Files.readAttributes(Paths.get(base), classOf[BasicFileAttributes])
          below(system, folder)
        } else told(system, folder)
      } catch { case _: FileNotFoundException | _: NoSuchFileException => Iterator.empty }
    all.map(status => found(status, base)).filter(matches).map(readable).toSeq.sortBy(_.name)
  }

  /** Local files; for `listFiles` Hadoop would start a process for each, to learn who owns it. */
  private def below(system: FileSystem, folder: Path): Iterator[FileStatus] =
    system.listStatus(folder).iterator.flatMap { one =>
      if (one.isDirectory) below(system, one.getPath) else Iterator(one)
    }

  /** The files of a store, which tells those of all folders at once. */
  private def told(system: FileSystem, folder: Path): Iterator[FileStatus] = {
    val found = system.listFiles(folder, true)
    Iterator.continually(found).takeWhile(_.hasNext).map(_.next())
  }

  private def matches(file: Found) = {
    val parts = file.name.split("/")
    !parts.exists(_.startsWith(".")) && !parts.last.startsWith("_") &&
    !parts.last.endsWith(".tmp") && matcher.matches(Paths.get(file.name))
  }

  /** Hadoop takes what stands before a colon in a name for the scheme of a URI. */
  private def readable(file: Found) = {
    if (file.path.startsWith("file:") && file.name.split("/").last.contains(":"))
      throw Failed(s"${file.path}: Hadoop reads no local file with a colon in its name. Rename it")
    file
  }

  private def found(status: FileStatus, base: String) = {
    val path = status.getPath
    val place = path.toUri.getPath
    // Local files tell when their content was touched last, which cannot be set back.
    val changed = Try(Files.getAttribute(Paths.get(place), "unix:ctime")).filter(_ =>
      path.toUri.getScheme == "file"
    )
    val stamp = s"${status.getLen}:${status.getModificationTime}:${changed.getOrElse("")}"
    Found(
      path.toString,
      place.stripPrefix(base).stripPrefix("/"),
      stamp,
      status.getModificationTime
    )
  }
}

object FileListing {

  /** Where a row of a file came from. Rows are counted in each part of a file that is read apart,
    * from the place where the part begins: it has no more rows than bytes.
    */
  val traces: Seq[Column] = {
    val counted = monotonically_increasing_id().bitwiseAND(lit((1L << 33) - 1)) + 1
    Seq(
      col("_metadata.file_path").as("_file"),
      (col("_metadata.file_block_start") + counted).as("_row")
    )
  }

  private val known = TrieMap.empty[Found, Boolean]

  /** The content of a file, unpacked if its name says that it is packed. */
  def opened(hadoop: Configuration, file: Found): InputStream = {
    val path = new Path(file.path)
    val packed = Option(new CompressionCodecFactory(hadoop).getCodec(path))
    val stream = path.getFileSystem(hadoop).open(path)
    packed.fold[InputStream](stream)(_.createInputStream(stream))
  }

  /** Whether a line break ends a file of text; else its last line may be a piece of one. */
  def whole(hadoop: Configuration, file: Found): Boolean =
    known.getOrElseUpdate(
      file,
      try Using.resource(opened(hadoop, file))(last(_, hadoop, file)) == '\n'
      catch { case _: EOFException => throw cutOff(file) }
    )

  /** The last byte that is none of the zeros which letters of two bytes have. */
  private def last(stream: InputStream, hadoop: Configuration, file: Found): Int = {
    stream match {
      case plain: FSDataInputStream =>
        val path = new Path(file.path)
        plain.seek((path.getFileSystem(hadoop).getFileStatus(path).getLen - 2).max(0))
      case _ => // what is packed has no places
    }
    val bytes = new BufferedInputStream(stream)
    Iterator.continually(bytes.read()).takeWhile(_ >= 0).filter(_ > 0).foldLeft(0)((_, one) => one)
  }

  /** That a file has an end that no whole one has. What is there of it would pass for all. */
  def cutOff(file: Found): Transient = Transient(
    s"${file.path} ends in the middle: it is being written, or was cut off. Complete it, and the " +
      "next run reads it; a last line that is no more to come goes to quarantine if a line break " +
      "ends it"
  )
}
