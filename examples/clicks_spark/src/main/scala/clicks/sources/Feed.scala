package clicks
package sources

import java.io.{FileNotFoundException, IOException}

import scala.collection.concurrent.TrieMap
import scala.util.Using

import org.apache.commons.codec.digest.DigestUtils.sha256Hex
import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.Path
import org.apache.spark.sql.SparkSession

import core._
import patterns.{Feed, Listed}

/** A folder that grows, as a feed: its files in the order of their names, known by their content.
  */
final case class FileFeed(path: String) extends Feed {
  private val listing = FileListing(path)

  /** A stamp that is known spares reading the content again. */
  def items(known: Map[(String, String), String]): Seq[Listed] =
    files().flatMap { file =>
      val content = known.get((file.name, file.stamp)).orElse(FileFeed.content(file, hadoop))
      content.map(Listed(file.name, _, file.stamp))
    }

  def stamps(): Map[String, String] = files().map(file => file.name -> file.stamp).toMap

  private def files() = listing.files(hadoop)

  private def hadoop = SparkSession.active.sparkContext.hadoopConfiguration
}

object FileFeed {

  /** What files have in them, in short: read once for each stamp. */
  private val contents = TrieMap.empty[Found, String]

  /** None if the file went since it was listed. */
  private def content(file: Found, hadoop: Configuration): Option[String] =
    try Some(contents.getOrElseUpdate(file, digest(new Path(file.path), hadoop)))
    catch {
      case gone: FileNotFoundException if !Engine.denied(gone) => None
      case error: IOException                                  =>
        throw EnvironmentFailure.refused(s"cannot read ${file.path}: ${error.getMessage}")
    }

  private def digest(path: Path, hadoop: Configuration) =
    Using.resource(path.getFileSystem(hadoop).open(path))(sha256Hex(_)).take(32)
}
