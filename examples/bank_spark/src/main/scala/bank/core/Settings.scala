package bank
package core

import java.nio.file.{Files, Path, Paths}

import scala.util.Try
import scala.util.control.NonFatal

import upickle.default.{Reader, macroR, read}
import upickle.implicits.{allowUnknownKeys, key}

/** What differs between machines for one pipeline. */
@allowUnknownKeys(false)
final case class PipelineSettings(
    path: String = "", // of files
    table: String = "", // of Postgres
    topic: String = "", // of Kafka
    @key("allow_lost") allowLost: Boolean = false, // go on without messages that are gone
    @key("allow_small") allowSmall: Boolean = false, // take a suspiciously small snapshot
    routing: Map[String, ujson.Value] = Map.empty
)

/** Settings: conf/defaults.yml, then conf/local.yml (not committed), then the environment. */
@allowUnknownKeys(false)
final case class Settings(
    warehouse: String,
    chunk: Int,
    @key("log_format") logFormat: String,
    kafka: KafkaConnection = KafkaConnection(),
    postgres: PostgresConnection = PostgresConnection(),
    pipelines: Map[String, PipelineSettings]
)

object Settings {
  implicit private val one: Reader[PipelineSettings] = macroR
  implicit private val all: Reader[Settings] = macroR

  /** Variables are PIPELINE_WAREHOUSE, PIPELINE_PIPELINES__<NAME>__PATH and so on. */
  private val Prefix = "PIPELINE_"

  /** Reads and checks the settings of the project in the current folder. */
  def load(environment: Map[String, String] = sys.env): Settings = {
    val files = Seq("conf/defaults.yml", "conf/local.yml").map(Paths.get(_)).filter(Files.exists(_))
    try {
      val found = read[Settings]((files.map(parsed) ++ variables(environment)).reduce(merged))
      require(Set("text", "json")(found.logFormat), "log_format is text or json")
      require(found.chunk > 0, "chunk is a number above 0")
      require(!found.warehouse.contains("://"), "warehouse is a folder: no address can be locked")
      found
    } catch {
      case NonFatal(error) =>
        throw UsageError(s"settings (conf/, environment): ${error.getMessage}. Run in the project.")
    }
  }

  private val connections: Seq[String] = Seq(
    "kafka",
    "postgres"
  )

  private def parsed(file: Path) = {
    val found = Yaml.parse(Files.readString(file))
    found.obj.keys.find(connections.contains).foreach { name =>
      throw UsageError(s"$file says where $name is, which has to come by the environment alone")
    }
    found
  }

  private def variables(environment: Map[String, String]): Seq[ujson.Value] =
    environment.toSeq.sorted.collect {
      case (name, value) if name.startsWith(Prefix) && !name.startsWith("PIPELINE_TEST_") =>
        val path = name.stripPrefix(Prefix).toLowerCase.split("__")
        path.foldRight(parsed(name, value))((part, inner) => ujson.Obj(part -> inner))
    }

  /** What stands in a variable may be secret: no message shows it. How to connect is text as it is.
    */
  private def parsed(variable: String, value: String): ujson.Value =
    if (
      connections.exists(name => variable.startsWith(s"$Prefix${name.toUpperCase}__")) &&
      !variable.endsWith("__OPTIONS")
    )
      ujson.Str(value)
    else Try(Yaml.parse(value)).getOrElse(throw UsageError(s"$variable is no YAML"))

  private def merged(under: ujson.Value, over: ujson.Value): ujson.Value = (under, over) match {
    case (ujson.Obj(first), ujson.Obj(second)) =>
      ujson.Obj.from((first.keys ++ second.keys).toSeq.distinct.map { key =>
        key -> (first.get(key).toSeq ++ second.get(key)).reduce(merged)
      })
    case _ => over
  }
}
