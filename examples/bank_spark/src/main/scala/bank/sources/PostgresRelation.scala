package bank
package sources

import java.sql.Connection

import core._
import PostgresConnection.{literal, quoted, texts}

/** What a database says about a table that is read, which may be a view. */
final case class PostgresRelation(name: String) {

  /** It in SQL. A point stands between its schema and itself; nothing else has a meaning in it. */
  val sql: String = quoted(name.split("[.]", 2).toIndexedSeq: _*)

  private val id = s"to_regclass(${literal(sql)})"

  def exists(connection: Connection): Boolean =
    texts(connection, s"SELECT $id IS NOT NULL").contains("t")

  /** Its columns with their types. */
  def kinds(connection: Connection): Map[String, String] = {
    val mine = s"FROM pg_attribute WHERE attrelid = $id AND attnum > 0 AND NOT attisdropped"
    val names = texts(connection, s"SELECT attname $mine ORDER BY attnum")
    val kinds = texts(connection, s"SELECT format_type(atttypid, atttypmod) $mine ORDER BY attnum")
    names.zip(kinds).toMap
  }

  /** Conditions that share a large table out by the places of its rows; of a view there is one. */
  def pieces(connection: Connection, number: Int): Seq[String] = {
    val pages = s"SELECT pg_relation_size($id) / current_setting('block_size')::int"
    val plain = s"SELECT relkind = 'r' FROM pg_class WHERE oid = $id"
    val size = if (texts(connection, plain) == Seq("t")) texts(connection, pages).head.toLong else 0
    if (size < PostgresRelation.Small) Seq("true")
    else {
      val starts = (1 until number).map(n => s"'(${size * n / number},0)'::tid")
      val from = None +: starts.map(start => Some(s"ctid >= $start"))
      val to = starts.map(start => Some(s"ctid < $start")) :+ None
      from.zip(to).map { case (one, other) => (one ++ other).mkString(" AND ") }
    }
  }
}

object PostgresRelation {
  private val Small = 1000L // pages, of 8 KB as a rule

  private val families = Map(
    "BIGINT" -> "smallint|integer|bigint",
    "DOUBLE" -> "real|double precision|smallint|integer",
    "BOOLEAN" -> "boolean",
    "DATE" -> "date",
    "TIMESTAMP" -> "timestamp.*|date",
    "DECIMAL" -> "numeric.*|smallint|integer|bigint"
  )
  private val others = families.values.mkString("|").r

  /** Whether every value of a type is one of the contract's, or nearly so by width. */
  def fits(kind: String, column: Column): Boolean =
    families.get(column.kind.takeWhile(_.isLetter)) match {
      case Some(family) => kind.matches(family)
      case None         => !others.matches(kind)
    }

  /** A column as the database spells it. */
  def named(column: Column): String = {
    val name = if (column.source.isEmpty) column.name else column.source
    quoted(name)
  }
}
