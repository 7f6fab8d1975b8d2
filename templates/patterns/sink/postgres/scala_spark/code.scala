package sinks

import java.sql.Connection

import scala.util.Using

import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, SparkSession}
import upickle.default.{read, write}

import core._
import PostgresConnection.{atomically, execute, kind, literal, quoted, texts}

/** Postgres as a sink: a schema for each pipeline, and the ledger, JSON by entry, beside them.
  *
  * Spark writes the rows of a unit to staging tables; one transaction of the driver moves them over
  * and records them. The lock that lets one run of a pipeline write at a time belongs to the
  * connection of that transaction: a run that was killed holds it until its last commit is over.
  */
final case class Postgres(connection: PostgresConnection) extends Overwritable {

  def open[A](dataset: Dataset, spark: SparkSession, write: Boolean)(use: Store => A): A =
    Using.resource(connection.opened()) { driver =>
      val store = new PostgresStore(connection, driver, dataset, spark)
      if (write) store.prepare()
      val result = use(store)
      if (write) store.release()
      result
    }
}

final private class PostgresStore(
    connection: PostgresConnection,
    driver: Connection,
    dataset: Dataset,
    val spark: SparkSession
) extends Store {
  private val place = PostgresTables(driver, dataset.name)
  private val tables = dataset.tables

  def history(): History = {
    val mine = s"FROM ${place.ledger} WHERE pipeline = ${literal(dataset.name)}"
    val found =
      if (place.exists(place.ledger)) texts(driver, s"SELECT entry $mine ORDER BY id") else Nil
    History(found.map(read[Entry](_)))
  }

  def table(name: String): DataFrame = published(spark, name)

  /** Its columns that are there, in the types in which they are read. */
  override def stored(name: String): StructType = {
    val table = dataset.table(name)
    val there = place.stored(table)
    StructType(table.schema.filter(field => there.contains(field.name)))
  }

  /** Takes the lock of writers, which readers do not know, makes what is not there, and drops what
    * runs that were killed left.
    */
  def prepare(): Unit = {
    if (!place.yes(s"pg_try_advisory_lock(hashtext('ledger'), hashtext(${literal(dataset.name)}))"))
      throw NotReady(
        s"another run writes to the schema ${dataset.name} at $connection; " +
          "try again when it has ended"
      )
    atomically(driver)(place.make(tables))
    Staging(connection, dataset.name).drop(every = true)
  }

  /** At once: the server takes a moment to see that a connection is closed. */
  def release(): Unit = execute(driver, "SELECT pg_advisory_unlock_all()")

  def transact(session: SparkSession)(work: Transaction => Seq[Entry]): Seq[Entry] = synchronized {
    val staging = Staging(connection, dataset.name)
    try {
      val into = new PostgresTransaction(session, staging)
      val entries = work(into)
      atomically(driver) {
        into.statements.foreach(execute(driver, _))
        entries.foreach(record)
      }
      entries
    } finally staging.drop()
  }

  private def record(entry: Entry): Unit = {
    val insert = s"INSERT INTO ${place.ledger} (pipeline, entry) VALUES (?, ?::json)"
    Using.resource(driver.prepareStatement(insert)) { statement =>
      statement.setString(1, entry.pipeline)
      statement.setString(2, write(entry))
      statement.execute()
      ()
    }
  }

  private def published(session: SparkSession, name: String) = {
    val table = dataset.table(name)
    if (!place.exists(place.place(table))) table.empty(session)
    else typed(session, table, s"SELECT ${place.columns(table)} FROM ${place.place(table)}")
  }

  private def typed(session: SparkSession, table: Table, query: String) =
    table.typed(connection.read(session, query))

  /** What it writes is staged until its end; what it reads is the published rows with that. */
  final private class PostgresTransaction(session: SparkSession, staging: Staging)
      extends Transaction {
    private var changed = Map.empty[String, DataFrame]
    private var moves = Vector.empty[String]

    /** What there is to do, in order. */
    def statements: Seq[String] = moves

    def table(name: String): DataFrame = changed.getOrElse(name, published(session, name))

    def append(table: Table, coming: DataFrame): Unit = {
      val (names, staged) = (place.columns(table), staging.write(table.typed(coming)))
      moves :+= s"INSERT INTO ${place.place(table)} ($names) ${staged.query}"
      val rows = typed(session, table, staged.query)
      changed += table.name -> this.table(table.name).unionByName(rows)
    }

    def replace(table: Table, leaving: Rows, coming: DataFrame): Unit = {
      val (gone, condition) = staged(leaving)
      moves :+= s"DELETE FROM ${place.place(table)} AS old $condition"
      changed += table.name -> gone.notOf(this.table(table.name))
      append(table, coming)
    }

    /** Rows that leave, by a condition of Postgres. Keys are compared as arrays of one: null is
      * equal to null in them, and unlike IS NOT DISTINCT FROM that can be joined by hash.
      */
    private def staged(leaving: Rows): (Rows, String) = leaving match {
      case Rows.Where(sql)          => leaving -> s"WHERE ${spelled(sql)}"
      case Rows.Among(values, keys) =>
        val named = keys.toDF(keys.columns.indices.map(n => s"key$n"): _*)
        val staged = staging.write(named)
        val same = values.zip(named.schema).map { case (sql, key) =>
          s"ARRAY[CAST(${spelled(sql)} AS ${kind(key.dataType)})] = ARRAY[${quoted("key", key.name)}]"
        }
        val rows = Rows.Among(values, connection.read(session, staged.query))
        rows -> s"USING (${staged.query}) AS key WHERE ${same.mkString(" AND ")}"
    }

    private def spelled(sql: String) = s"(${sql.replace('`', '"')})"
  }
}
