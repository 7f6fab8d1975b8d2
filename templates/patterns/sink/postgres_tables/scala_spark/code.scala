package sinks

import java.sql.Connection

import org.apache.spark.sql.types.StructField
import upickle.default.read

import core._
import PostgresConnection.{execute, kind, literal, quoted, texts}

/** A pipeline's schema, and the ledger beside it, as one connection sees them. */
final case class PostgresTables(connection: Connection, schema: String) {
  val ledger = "public.ledger"

  def place(table: Table): String = quoted(schema, table.name)

  def columns(table: Table): String = table.names.map(quoted(_)).mkString(", ")

  def exists(table: String): Boolean = yes(s"to_regclass(${literal(table)}) IS NOT NULL")

  /** The columns that are there of a table, with the types of Postgres. */
  def stored(table: Table): Map[String, String] = {
    val found = texts(
      connection,
      "SELECT json_build_array(attname, format_type(atttypid, atttypmod)) FROM pg_attribute " +
        s"WHERE attnum > 0 AND NOT attisdropped AND attrelid = to_regclass(${literal(place(table))})"
    )
    found.map(read[(String, String)](_)).toMap
  }

  /** Whether a condition is true. */
  def yes(condition: String): Boolean = texts(connection, s"SELECT $condition").contains("t")

  /** Makes what is not there, one run at a time. It asks first: a user who may not make things can
    * write to what others made.
    */
  def make(tables: Seq[Table]): Unit = {
    Retyped.refuse(tables.flatMap(retyped))
    execute(connection, "SELECT pg_advisory_xact_lock(hashtext('ledger'))")
    if (!exists(ledger)) {
      val id = "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
      execute(
        connection,
        s"CREATE TABLE $ledger ($id, pipeline text NOT NULL, entry json NOT NULL)"
      )
    }
    if (yes(s"to_regnamespace(${literal(quoted(schema))}) IS NULL"))
      execute(connection, s"CREATE SCHEMA ${quoted(schema)}")
    tables.foreach(table => if (exists(place(table))) widen(table) else create(table))
  }

  /** A type that no contract makes is the owner's own choice. Lineage is not for it to say. */
  private def retyped(table: Table) = {
    val known = stored(table)
    for {
      field <- table.schema if !field.name.startsWith("_")
      here = kind(field.dataType)
      there <- known.get(field.name) if there != here && PostgresTables.Made.matches(there)
    } yield {
      val name = quoted(field.name)
      val change = s"ALTER TABLE ${place(table)} ALTER $name TYPE $here USING $name::$here"
      Retyped(s"$schema.${table.name}.${field.name}", there, here, change)
    }
  }

  private def create(table: Table): Unit = {
    execute(
      connection,
      s"CREATE TABLE ${place(table)} (${table.schema.map(column).mkString(", ")})"
    )
    if (table.names.contains("_unit"))
      execute(connection, s"CREATE INDEX ON ${place(table)} (_unit)")
  }

  /** Columns that are new in the contract are empty in old rows. */
  private def widen(table: Table): Unit = {
    val known = stored(table)
    table.schema.filterNot(field => known.contains(field.name)).foreach { field =>
      execute(connection, s"ALTER TABLE ${place(table)} ADD COLUMN ${column(field)}")
    }
  }

  private def column(field: StructField) = s"${quoted(field.name)} ${kind(field.dataType)}"
}

private object PostgresTables {

  /** Types that tables are made with. */
  val Made = "text|bigint|double.*|boolean|date|timestamp without.*|numeric\\(.*".r
}
