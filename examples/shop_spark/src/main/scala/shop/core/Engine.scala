package shop
package core

import java.io.{FileNotFoundException, IOException}
import java.nio.file.FileSystemException
import java.sql.SQLException
import java.util.TimeZone

import org.apache.spark.SparkConf
import org.apache.spark.sql.SparkSession

/** Spark, set up so that the same data gives the same rows on every machine. */
object Engine {

  /** The session, with what its sinks need. What spark-submit was told wins over the rest; on its
    * own, Spark uses this machine.
    */
  def session(name: String, needed: Map[String, String]): SparkSession = {
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"))
    val conf = new SparkConf()
    val cores = Runtime.getRuntime.availableProcessors.toString
    Seq(
      "spark.master" -> "local[*]",
      "spark.app.name" -> name,
      "spark.ui.enabled" -> "false",
      "spark.executor.defaultJavaOptions" -> "-Duser.timezone=UTC", // in which JDBC reads times
      "spark.sql.shuffle.partitions" -> cores,
      "spark.sql.sources.parallelPartitionDiscovery.parallelism" -> cores, // not a task a file
      "spark.sql.artifact.isolation.enabled" -> "false", // else a session looks for its own classes
      "spark.sql.constraintPropagation.enabled" -> "false" // minutes for a filter on many columns
    ).foreach { case (key, value) => conf.setIfMissing(key, value) }
    conf
      .setAll(needed)
      .set("spark.sql.session.timeZone", "UTC")
      .set("spark.sql.variable.substitute", "false") // ${...} in a text is what it is
      .set("spark.sql.timestampType", "TIMESTAMP_NTZ") // times are in UTC, and have no zone
      .set("spark.sql.legacy.parquet.nanosAsLong", "true") // Spark refuses a file with them else
    SparkSession.builder().config(conf).getOrCreate()
  }

  /** A path as Spark's readers take it: letters of a pattern stand for themselves. */
  def literal(path: String): String = path.replaceAll("[\\[\\]{}*?\\\\]", "\\\\$0")

  /** An error of Spark's as one of ours, by what it comes from. */
  def explained(error: Throwable): PipelineError = {
    val causes = Iterator.iterate(error)(_.getCause).takeWhile(_ != null).toSeq
    causes.collectFirst { case known: PipelineError => known }.getOrElse {
      val last = causes.last
      val text = said(last)
      last match {
        case _ if causes.exists(lost)                     => Transient(text)
        case gone: FileNotFoundException if !denied(gone) =>
          Transient(s"a file went while it was read: $text")
        case file: FileSystemException => EnvironmentFailure.refused(told(file))
        case known: IOException if ofTheMachine(known, text) => EnvironmentFailure.refused(text)
        case _: OutOfMemoryError    => EnvironmentFailure.refused(text, More)
        case _: VirtualMachineError => EnvironmentFailure(last.toString)
        case _: LinkageError        => EnvironmentFailure(last.toString)
        case _                      =>
          val file = causes.init.map(said).findLast(_.contains("while reading file"))
          Failed((file.toSeq :+ text).mkString(": "))
      }
    }
  }

  private def said(error: Throwable) =
    Option(error.getMessage).flatMap(_.linesIterator.nextOption()).getOrElse(error.toString)

  private def ofTheMachine(error: IOException, said: String) =
    error.getClass.getPackageName == "java.net" || EnvironmentFailure.mend(said).nonEmpty

  /** Java says of a file that may not be read what it says of one that is not there. */
  def denied(error: FileNotFoundException): Boolean =
    Option(error.getMessage).exists(_.contains("Permission denied"))

  /** Some errors of files have no words but their names. */
  private def told(error: FileSystemException) = {
    val kind = error.getClass.getSimpleName.stripSuffix("Exception")
    s"${error.getFile}: ${Option(error.getReason).getOrElse(kind)}"
  }

  private val More = "Give Java more memory (-Xmx, --driver-memory), or lower `chunk` in conf/"

  /** Whether a database went away, was full, or chose this work to end a deadlock. */
  private def lost(error: Throwable) = error match {
    case said: SQLException => Option(said.getSQLState).exists(_.matches("(08|40|53|55|57).*"))
    case _                  => false
  }
}
