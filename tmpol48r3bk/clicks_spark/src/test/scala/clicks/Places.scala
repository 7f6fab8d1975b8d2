package clicks

import java.nio.file.{Files, Path}

import scala.jdk.CollectionConverters._
import scala.util.Using

import core._

/** Where the data of a pipeline's source are, for a test that writes them: files, a table, a topic.
  */
trait SourceData {

  /** The settings of a pipeline that reads them. */
  def settings: Map[String, String]

  /** Puts rows there, in place of those that were written by this name, where the source can
    * forget.
    */
  def write(name: String, rows: Seq[Row], columns: Seq[Column]): Unit

  /** Takes away what was written by this name. */
  def remove(name: String): Unit
}

object SourceData {

  /** That of the pipeline `name`, for a world in a folder. */
  def of(name: String, folder: Path): SourceData = {
    val pipeline = Pipelines.all(name)(Settings.load())
    val files = SourceFiles(pipeline)
    def setting(key: String) = s"PIPELINE_PIPELINES__${name.toUpperCase}__$key"
    pipeline.source match {
      case _ =>
        FileData(setting("PATH"), folder.resolve("data"), files)
    }
  }
}

/** A server on which each world has a place of its own, by its folder. */
trait Server {

  /** The settings of a pipeline that connects to it. */
  def settings(folder: Path): Map[String, String]

  /** What has happened there: names of which each stands for one step of a run. */
  def steps(folder: Path): Set[String] = Set.empty

  /** Waits until it noticed that a run was killed. */
  def settle(folder: Path): Unit = ()

  /** Gives another folder what this one has. */
  def copy(folder: Path, other: Path): Unit = ()

  /** Takes away what all folders below this one have. */
  def drop(folder: Path): Unit
}

object Servers {
  private val all: Map[String, Server] = Map()

  /** Those that the parts of a pipeline connect to. */
  def of(name: String): Seq[Server] = {
    val pipeline = Pipelines.all(name)(Settings.load())
    val kinds = Seq[Any](pipeline.source, pipeline.sink).flatMap(Worlds.layers).map(Worlds.kind)
    kinds.distinct.flatMap(all.get)
  }

  /** Takes away what worlds below a folder have. */
  def drop(folder: Path): Unit = all.values.foreach(_.drop(folder))

  /** All that was written to files below a folder, the logs of processes among it. */
  def written(folder: Path): Seq[String] = Using.resource(Files.walk(folder)) { found =>
    val files = found.iterator.asScala.filter(Files.isRegularFile(_)).toSeq
    files.map(file => new String(Files.readAllBytes(file), "ISO-8859-1"))
  }
}
