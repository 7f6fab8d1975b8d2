package bank
package core

import java.sql.{Connection, SQLException}
import java.util.Properties

import scala.util.{Try, Using}

import org.apache.spark.sql.types._
import org.apache.spark.sql.{DataFrame, SparkSession}
import upickle.default.{Reader, macroR}

/** Where a Postgres database is, and who connects to it: known by the environment alone, and never
  * shown.
  */
final case class PostgresConnection(url: String = "", user: String = "", password: String = "") {
  override def toString: String = "the database of PIPELINE_POSTGRES__URL"

  /** A connection that is the caller's to close. */
  def connect(): Connection = {
    val properties = new Properties
    options.foreach { case (key, value) => properties.setProperty(key, value) }
    Option(new org.postgresql.Driver().connect(url, properties)).getOrElse {
      throw UsageError(
        "PIPELINE_POSTGRES__URL is no address of Postgres, or not set: " +
          "jdbc:postgresql://<host>:<port>/<database>"
      )
    }
  }

  /** The first connection of a run: if there is none, it is the machine that is wrong. */
  def opened(): Connection =
    try connect()
    catch {
      case error: SQLException =>
        throw EnvironmentFailure(s"cannot connect to $this: ${why(error)}")
    }

  /** In our words: the driver's may have in them what is secret. */
  private def why(error: SQLException) = Option(error.getSQLState).getOrElse("") match {
    case "3D000"                         => "there is no database of that name"
    case state if state.startsWith("08") => "nobody answers at that address"
    case state if state.startsWith("28") =>
      "it refuses PIPELINE_POSTGRES__USER with PIPELINE_POSTGRES__PASSWORD"
    case state => s"the state of SQL is $state"
  }

  /** What a query gives, read by Spark, which passes filters on to the database. `first` is a
    * statement that a reading connection begins with.
    */
  def read(spark: SparkSession, query: String, first: String = ""): DataFrame =
    spark.read.format("jdbc").options(reading(first)).option("query", query).load()

  /** Times have no zone and are taken as they are. */
  private def reading(first: String) = options ++ Map(
    "url" -> url,
    "sessionInitStatement" -> first,
    "driver" -> "org.postgresql.Driver",
    "fetchsize" -> "10000",
    "preferTimestampNTZ" -> "true"
  )

  private def options = Map(
    "user" -> user,
    "password" -> password,
    "tcpKeepAlive" -> "true",
    "ApplicationName" -> "pipelines"
  )
}

object PostgresConnection {
  implicit val json: Reader[PostgresConnection] = macroR

  /** All or nothing of some statements. */
  def atomically(connection: Connection)(work: => Unit): Unit = {
    connection.setAutoCommit(false)
    try {
      work
      connection.commit()
    } finally {
      Try(connection.rollback()) // nothing, after a commit
      Try(connection.setAutoCommit(true))
    }
  }

  /** Runs one statement. */
  def execute(connection: Connection, statement: String): Unit =
    Using.resource(connection.createStatement())(made => { made.execute(statement); () })

  /** A text in SQL, whatever is in it. */
  def literal(text: String): String = "'" + text.replace("'", "''") + "'"

  /** The first column of what a query gives, as texts. */
  def texts(connection: Connection, query: String): Seq[String] =
    Using.resource(connection.createStatement()) { statement =>
      val found = statement.executeQuery(query)
      Iterator.continually(found).takeWhile(_.next()).map(_.getString(1)).toVector
    }

  /** A name in SQL, whatever is in it. */
  def quoted(names: String*): String =
    names.map(name => "\"" + name.replace("\"", "\"\"") + "\"").mkString(".")

  /** The database's type for one of Spark's, as `format_type` spells it. */
  def kind(of: DataType): String = of match {
    case StringType           => "text"
    case DoubleType           => "double precision"
    case FloatType            => "real"
    case ByteType             => "smallint"
    case DateType             => "date"
    case TimestampNTZType     => "timestamp without time zone"
    case TimestampType        => "timestamptz"
    case numeric: DecimalType => s"numeric(${numeric.precision},${numeric.scale})"
    case other                => other.sql.toLowerCase // boolean, smallint, int and bigint
  }
}
