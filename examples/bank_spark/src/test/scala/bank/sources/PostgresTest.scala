package bank
package sources

import java.sql.Connection
import java.time.{Duration, LocalDateTime}
import java.util.TimeZone

import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration.Duration.Inf
import scala.concurrent.{Await, Future}
import scala.util.Using

import org.apache.spark.sql.Row
import org.scalatest.funsuite.AnyFunSuite

import core._
import PostgresConnection.{execute => sql, quoted, texts}

/** A table, in which what was written by one name is a child of its own. A key that is written
  * again leaves its old place: tables have each once.
  */
final case class PostgresData(
    setting: String,
    connection: PostgresConnection,
    contract: Contract,
    files: SourceFiles
) extends SourceData {
  private val table = "public.source"

  def settings: Map[String, String] = Map(setting -> table)

  def write(name: String, rows: Seq[Map[String, Any]], columns: Seq[Column]): Unit =
    changed { writer =>
      val kinds = Table(table, columns).schema.map(field => PostgresConnection.kind(field.dataType))
      val ddl = columns.zip(kinds).map { case (one, kind) => s"${quoted(one.source)} $kind" }
      sql(writer, s"CREATE TABLE IF NOT EXISTS $table (${ddl.mkString(", ")})")
      sql(writer, s"DROP TABLE IF EXISTS ${quoted(name)}")
      sql(writer, s"CREATE TABLE ${quoted(name)} () INHERITS ($table)")
      val cells = files.spelled(rows, columns).map(_.map(_.map(files.java).orNull))
      val (names, keys) = (columns.map(_.source), contract.tables("silver").key)
      val identify = columns.indices.filter(n => keys.contains(columns(n).name))
      val same = identify.map(n => s"${quoted(names(n))} = ?").mkString(" AND ")
      if (identify.nonEmpty)
        each(writer, s"DELETE FROM $table WHERE $same", cells.map(row => identify.map(row)))
      val into = s"INSERT INTO ${quoted(name)} (${names.map(quoted(_)).mkString(", ")})"
      each(writer, s"$into VALUES (${names.map(_ => "?").mkString(", ")})", cells)
    }

  def remove(name: String): Unit = changed(sql(_, s"DROP TABLE ${quoted(name)}"))

  private def changed(work: Connection => Unit): Unit =
    Using.resource(connection.connect()) { writer =>
      PostgresConnection.atomically(writer)(work(writer))
    }

  private def each(writer: Connection, statement: String, rows: Seq[Seq[Any]]): Unit =
    Using.resource(writer.prepareStatement(statement)) { prepared =>
      rows.foreach { row =>
        row.zipWithIndex.foreach { case (cell, n) => prepared.setObject(n + 1, cell) }
        prepared.addBatch()
      }
      prepared.executeBatch()
      ()
    }
}

class PostgresTest extends AnyFunSuite {
  private lazy val spark = Commands.spark
  private val noon = LocalDateTime.of(2025, 3, 30, 12, 0)
  private val everything = Request("CAST(NULL AS TIMESTAMP)", Wanted.Everything)

  private val columns = Seq(
    Column("id", "BIGINT", "Id", required = true),
    Column("at", "TIMESTAMP", "at"),
    Column("price", "DECIMAL(10,2)", "price"),
    Column("label", "STRING", "label")
  )
  private val contract = Contract("", Map("source" -> Table("source", columns)), Duration.ZERO)

  /** A table of four columns with the rows of some SQL, in a database of its own. */
  private def withTable(at: String, zone: String, rows: String*)(
      work: (PostgresSource, Connection) => Unit
  ): Unit = {
    val place = PostgresServer.fresh()
    Using.resource(place.connect()) { connection =>
      sql(connection, s"CREATE TABLE orders (\"Id\" int, at $at, price numeric, label varchar(9))")
      rows.foreach(row => sql(connection, s"INSERT INTO orders VALUES ($row)"))
      work(PostgresSource(place, "public.orders", Some(EventTime("at", zone))), connection)
    }
  }

  private def ids(source: PostgresSource, wanted: Wanted) =
    source
      .read(spark, everything.copy(rows = wanted), contract)
      .rows
      .orderBy("id")
      .collect()
      .toSeq
      .map(_.getAs[Long]("id"))

  private val hours = Seq(
    "1, '2025-03-30 11:59:59.999999+00', 1.5, 'before'",
    "2, '2025-03-30 12:00:00+00', 2.125, NULL",
    "3, '2025-03-30 14:59:59.999999+02', 3, 'in'",
    "4, '2025-03-30 13:00:00+00', 4, 'after'",
    "5, NULL, 5, 'never'"
  )

  test("a window is half-open and in UTC, whatever zone a time says") {
    withTable("timestamptz", "Europe/London", hours: _*) { (source, _) =>
      assert(ids(source, Wanted.Between(noon, noon.plusHours(1))) == Seq(2, 3))
      assert(ids(source, Wanted.Everything) == Seq(1, 2, 3, 4, 5))
    }
  }

  test("a time without a zone is in the source's") {
    val rows = Seq("1, '2025-03-30 00:30', 1, ''", "2, '2025-03-30 02:00', 1, ''")
    withTable("timestamp", "Europe/London", rows: _*) { (source, _) => // 01:00 to 02:00 is skipped
      val one = noon.withHour(1)
      assert(ids(source, Wanted.Between(one, one.plusMinutes(1))) == Seq(2))
      assert(ids(source, Wanted.Between(one.minusMinutes(30), one)) == Seq(1))
    }
  }

  test("rows come as they are, with where they came from") {
    withTable("timestamptz", "UTC", hours: _*) { (source, _) =>
      val found = source.read(spark, everything, contract).rows.orderBy("id")
      val cells = found.select("id", "at", "price", "label", "_file", "_event_time").collect().toSeq
      assert(cells(1) == Row(2L, noon, "2.125", null, "public.orders", noon))
      assert(found.select("_row").distinct().count() == 5)
      val again = source.read(spark, everything, contract).rows.orderBy("id")
      assert(found.select("_row").collect().toSeq == again.select("_row").collect().toSeq)
    }
  }

  test("a time is none of the machine's zone, and one that is infinite is none, with the reason") {
    val times = Seq("2025-03-30 01:30", "infinity", "-infinity", "0044-03-15 BC")
    val rows = times.zipWithIndex.map { case (time, n) => s"$n, '$time', 1, ''" }
    withTable("timestamp", "UTC", rows: _*) { (source, _) =>
      TimeZone.setDefault(TimeZone.getTimeZone("Europe/London")) // where there was no 01:30
      val found =
        try source.read(spark, everything, contract).rows.orderBy("id").select("at", "_problem")
        finally TimeZone.setDefault(TimeZone.getTimeZone("UTC"))
      val none = Seq("at: infinite", "at: infinite", "at: before the year 1").map(Row(null, _))
      assert(found.collect().toSeq == Row(LocalDateTime.of(2025, 3, 30, 1, 30), null) +: none)
    }
  }

  test("a read sees one moment, whatever is committed meanwhile") {
    withTable("timestamptz", "UTC", hours: _*) { (source, writer) =>
      writer.setAutoCommit(false)
      sql(writer, "LOCK TABLE orders; UPDATE orders SET label = 'late'")
      val reading = Future(source.read(spark, everything, contract).rows.where("label = 'late'"))
      Using.resource(source.connection.connect()) { looking =>
        val waiting = "SELECT count(*) FROM pg_locks WHERE relation IS NOT NULL AND NOT granted"
        while (texts(looking, waiting) == Seq("0") && !reading.isCompleted) Thread.sleep(50)
      }
      writer.commit()
      assert(Await.result(reading, Inf).count() == 0)
      assert(source.read(spark, everything, contract).rows.where("label = 'late'").count() == 5)
    }
  }

  test("a large table is read in pieces that have each row once") {
    withTable("timestamptz", "UTC") { (source, writer) =>
      sql(
        writer,
        "ALTER TABLE orders ALTER label TYPE text; INSERT INTO orders " +
          "SELECT n, now(), n, repeat('x', 500) FROM generate_series(1, 20000) AS n"
      )
      assert(PostgresRelation(source.table).pieces(writer, 3).size == 3)
      val found = source.read(spark, everything, contract).rows
      assert(found.count() == 20000)
      assert(found.select("id").distinct().count() == 20000)
      sql(writer, "CREATE VIEW few AS SELECT * FROM orders WHERE price < 3")
      assert(ids(source.copy(table = "few"), Wanted.Everything) == Seq(1, 2))
    }
  }

  test("a name is a name, whatever is in it") {
    withTable("timestamptz", "UTC", hours: _*) { (source, writer) =>
      val hostile = "public.x\"; DROP TABLE orders; --' \\"
      intercept[NotReady](source.copy(table = hostile).ready(noon, contract))
      sql(writer, s"ALTER TABLE orders RENAME TO ${quoted(hostile.stripPrefix("public."))}")
      val found = source.copy(table = hostile).read(spark, everything, contract).rows
      assert(found.select("_file").distinct().collect().toSeq == Seq(Row(hostile)))
      assert(found.count() == 5)
    }
  }

  test("a column that is gone or of another type stops the unit, a new one does not") {
    withTable("timestamptz", "UTC", hours: _*) { (source, writer) =>
      def refused = intercept[Failed](source.read(spark, everything, contract)).message
      sql(writer, "ALTER TABLE orders ADD COLUMN more int")
      assert(ids(source, Wanted.Everything).size == 5)
      sql(writer, "ALTER TABLE orders ALTER \"Id\" TYPE text")
      assert(refused.contains("Id is text, not BIGINT: retyped at the source"))
      sql(writer, "ALTER TABLE orders DROP COLUMN label")
      assert(refused.contains("lacks label: renamed or removed at the source"))
      sql(writer, "DROP TABLE orders")
      assert(intercept[NotReady](source.ready(noon, contract)).message.contains("no table"))
    }
  }
}
