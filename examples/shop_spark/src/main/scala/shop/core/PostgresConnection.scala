package shop
package core

import java.sql.{Connection, SQLException}
import java.util.Properties

import scala.util.{Try, Using}

import org.apache.spark.sql.types._
import org.apache.spark.sql.{DataFrame, SparkSession}
import upickle.default.{Reader, macroR}

/** Where a Postgres database is, and who connects to it. What is shown of it has no password. */
final case class PostgresConnection(url: String, user: String, password: String = "") {
  override def toString: String = s"$url as $user"

  /** A connection that is the caller's to close. */
  def connect(): Connection = {
    val properties = new Properties
    options.foreach { case (key, value) => properties.setProperty(key, value) }
    Option(new org.postgresql.Driver().connect(url, properties)).getOrElse {
      throw UsageError(
        s"$url is no address of Postgres: jdbc:postgresql://<host>:<port>/<database>"
      )
    }
  }

  /** The first connection of a run: if there is none, it is the machine that is wrong. */
  def opened(): Connection =
    try connect()
    catch {
      case error: SQLException =>
        throw EnvironmentFailure(s"cannot connect to $this: ${error.getMessage}")
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

  /** The first column of what a query gives, as texts. */
  def texts(connection: Connection, query: String): Seq[String] =
    Using.resource(connection.createStatement()) { statement =>
      val found = statement.executeQuery(query)
      Iterator.continually(found).takeWhile(_.next()).map(_.getString(1)).toVector
    }

  /** A name in SQL, whatever it means there. */
  def quoted(names: String*): String = names.map(name => "\"" + name + "\"").mkString(".")

  /** The database's type for one of Spark's. */
  def kind(of: DataType): String = of match {
    case StringType           => "text"
    case DoubleType           => "double precision"
    case FloatType            => "real"
    case ByteType             => "smallint"
    case DateType             => "date"
    case TimestampNTZType     => "timestamp"
    case TimestampType        => "timestamptz"
    case numeric: DecimalType => s"numeric(${numeric.precision}, ${numeric.scale})"
    case other                => other.sql.toLowerCase // boolean, smallint, int and bigint
  }
}
