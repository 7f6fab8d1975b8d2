package bank
package sinks

import java.nio.charset.StandardCharsets.UTF_8
import java.util.UUID

import scala.util.Using

import org.apache.spark.TaskContext
import org.apache.spark.sql.functions.col
import org.apache.spark.sql.{DataFrame, Encoders, Row}
import org.postgresql.PGConnection
import org.postgresql.copy.PGCopyOutputStream

import core._
import PostgresConnection.{execute, kind, literal, quoted, texts}

/** Rows in a table beside the published ones. Those of tasks that Spark did twice do not count. */
final case class Staged(table: String, columns: Seq[String], tasks: Seq[Long]) {
  def query: String = {
    val names = columns.map(quoted(_)).mkString(", ")
    s"SELECT $names FROM $table WHERE _task IN (${("-1" +: tasks.map(_.toString)).mkString(", ")})"
  }
}

/** Staging tables of one attempt, in the pipeline's schema. Nobody reads them but its run. */
final case class Staging(connection: PostgresConnection, schema: String) {
  private val attempt = UUID.randomUUID.toString.take(8)
  private val made = Iterator.from(1)

  /** Writes rows, by as many connections as Spark has tasks. */
  def write(rows: DataFrame): Staged = {
    val table = quoted(schema, s"${Staging.Prefix}${attempt}_${made.next()}")
    val columns = rows.schema.map(field => s"${quoted(field.name)} ${kind(field.dataType)}")
    val ddl = (columns :+ "_task bigint").mkString(", ")
    Using.resource(connection.connect())(execute(_, s"CREATE UNLOGGED TABLE $table ($ddl)"))
    val texts = rows.select(rows.columns.toIndexedSeq.map(name => col(name).cast("string")): _*)
    Staged(table, rows.columns.toIndexedSeq, Staging.copy(connection, table, texts))
  }

  /** Drops the tables of this attempt, or of all: those of runs that were killed. */
  def drop(every: Boolean = false): Unit = Using.resource(connection.connect()) { connection =>
    val prefix = Staging.Prefix + (if (every) "" else attempt)
    val query = s"SELECT tablename FROM pg_tables WHERE schemaname = ${literal(schema)} " +
      s"AND starts_with(tablename, '$prefix')"
    texts(connection, query).foreach(name =>
      execute(connection, s"DROP TABLE ${quoted(schema, name)}")
    )
  }
}

object Staging {
  private val Prefix = "_staging_"

  /** Copies rows of texts; gives the tasks whose rows count, one for each partition. */
  private def copy(connection: PostgresConnection, table: String, rows: DataFrame): Seq[Long] =
    rows
      .mapPartitions { some =>
        val task = TaskContext.get().taskAttemptId()
        Using.resource(connection.connect()) { connection =>
          val session = connection.unwrap(classOf[PGConnection])
          Using.resource(new PGCopyOutputStream(session, s"COPY $table FROM STDIN")) { out =>
            some.foreach(row => out.write(line(row, task).getBytes(UTF_8)))
          }
        }
        Iterator(task)
      }(Encoders.scalaLong)
      .collect()
      .toSeq

  private def line(row: Row, task: Long) =
    row.toSeq.map(cell => Option(cell).fold("\\N")(one => escaped(one.toString))).mkString("\t") +
      s"\t$task\n"

  /** A text as COPY reads it. Postgres has no character for zero in a text. */
  private def escaped(text: String): String = text.flatMap {
    case '\\'     => "\\\\"
    case '\t'     => "\\t"
    case '\n'     => "\\n"
    case '\r'     => "\\r"
    case '\u0000' => "\ufffd"
    case other    => other.toString
  }
}
