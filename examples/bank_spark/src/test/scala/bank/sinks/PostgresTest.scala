package bank
package sinks

import java.lang.management.ManagementFactory
import java.sql.Connection
import java.time.{Duration, LocalDateTime}

import scala.jdk.CollectionConverters._
import scala.util.{Try, Using}

import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, Row, SparkSession}

import core._
import PostgresConnection.{execute => sql, quoted, texts}
import Proof.{alive, generation, rows, silver, write}
import Worlds._

class PostgresTest extends Proofs {
  private lazy val spark = Commands.spark

  /** Does something with a database of its own: the sink, and a connection that looks from outside.
    */
  private def withDatabase(work: (Postgres, Connection) => Unit): Unit = {
    val place = PostgresServer.fresh()
    Using.resource(place.connect())(work(Postgres(place), _))
  }

  private def staging(connection: Connection) =
    texts(connection, "SELECT tablename FROM pg_tables WHERE tablename LIKE '\\_staging%'")

  test("what is written is read in the transaction, and by others only with the ledger's entry") {
    withDatabase { (sink, outside) =>
      sink.open(Proof.dataset, spark, write = true) { store =>
        write(store, 1)
        store.transact(spark) { into =>
          into.replace(
            silver,
            Rows.Where("`_unit` = TIMESTAMP '2025-01-01T00:00:00'"),
            rows(spark, 2)
          )
          assert(
            into.table("silver").select("generation").distinct().collect().toSeq == Seq(Row(2L))
          )
          assert(generation(outside) == "1 1 1")
          into.append(silver, rows(spark, 3))
          assert(into.table("silver").count() == 6)
          Seq(Proof.entry(2))
        }
        assert(store.table("silver").count() == 6)
        assert(store.history().done.values.map(_.rows).toSeq == Seq(2))
      }
      assert(staging(outside).isEmpty)
    }
  }

  test("values come back as they were, whatever is in them") {
    withDatabase { (sink, _) =>
      val odd = Seq("tab\tline\nreturn\r\\N \\", "\\N", "", null, "'\"`é漢😀")
      val gap = LocalDateTime.of(2025, 3, 30, 1, 30, 0, 123456000) // skipped in London
      val numbers = Seq(0.1, Double.NaN, Double.NegativeInfinity, 1e300, -0.0)
      val made = odd.zip(numbers).map { case (text, number) =>
        Row(1L, gap, gap, text, number, new java.math.BigDecimal("12.30"), gap.toLocalDate, true)
      }
      val coming = spark.createDataFrame(made.asJava, silver.schema)
      sink.open(Proof.dataset, spark, write = true) { store =>
        store.transact(spark) { into => into.append(silver, coming); Nil }
        val found = store.table("silver")
        assert(found.schema.map(_.dataType) == silver.schema.map(_.dataType))
        assert(
          found.collect().map(_.toString).sorted.toSeq == coming
            .collect()
            .map(_.toString)
            .sorted
            .toSeq
        )
      }
    }
  }

  test("rows leave by their keys, and null is a key like any other") {
    withDatabase { (sink, _) =>
      sink.open(Proof.dataset, spark, write = true) { store =>
        val labels = Seq("a", null, "b")
        val three = spark.createDataFrame(
          labels.map(label => Row(1L, null, null, label, null, null, null, null)).asJava,
          silver.schema
        )
        store.transact(spark) { into => into.append(silver, three); Nil }
        val keys =
          spark.createDataFrame(List(Row(null), Row("a")).asJava, StructType.fromDDL("x STRING"))
        store.transact(spark) { into =>
          into.replace(silver, Rows.Among(Seq("lower(`label`)"), keys), three.limit(0))
          assert(into.table("silver").select("label").collect().toSeq == Seq(Row("b")))
          Nil
        }
        assert(store.table("silver").select("label").collect().toSeq == Seq(Row("b")))
      }
    }
  }

  test("what fails leaves everything as it was") {
    withDatabase { (sink, outside) =>
      sink.open(Proof.dataset, spark, write = true) { store =>
        write(store, 1)
        val failed = Try(store.transact(spark) { into =>
          into.replace(silver, Rows.all, rows(spark, 2))
          into.replace(Proof.gold, Rows.Where("1 / 0 = 1"), rows(spark, 2))
          Seq(Proof.entry(2))
        })
        assert(Engine.explained(failed.failed.get).getMessage.contains("division by zero"))
        assert(generation(outside) == "1 1 1")
        assert(staging(outside).isEmpty)
      }
    }
  }

  test("of two runs at once one stops, and readers never wait") {
    withDatabase { (sink, _) =>
      sink.open(Proof.dataset, spark, write = true) { store =>
        write(store, 1)
        val error = intercept[NotReady](sink.open(Proof.dataset, spark, write = true)(_ => ()))
        assert(error.message.contains("another run writes"))
        sink.open(Proof.dataset, spark, write = false)(one =>
          assert(one.table("silver").count() == 3)
        )
        sink.open(Proof("other"), spark, write = true)(write(_, 1))
      }
      sink.open(Proof.dataset, spark, write = true)(write(_, 2))
    }
  }

  test("nothing is made by a look, and a column that is new is empty in old rows") {
    withDatabase { (sink, outside) =>
      sink.open(Proof.dataset, spark, write = false) { store =>
        assert(store.history() == History.empty)
        assert(store.table("silver").count() == 0)
      }
      assert(texts(outside, "SELECT to_regclass('public.ledger')") == Seq(null))
      sink.open(Proof.dataset, spark, write = true)(write(_, 1))
      sql(outside, "ALTER TABLE proof.silver DROP COLUMN price")
      sink.open(Proof.dataset, spark, write = true) { store =>
        assert(store.table("silver").select("price").distinct().collect().toSeq == Seq(Row(null)))
        assert(generation(outside) == "1 1 1")
      }
    }
  }

  test("a column of another type is refused until it is what is said, but the owner's choice") {
    withDatabase { (sink, outside) =>
      sink.open(Proof.dataset, spark, write = true)(write(_, 1))
      val changes = "ALTER exact TYPE numeric(9,1), ALTER label TYPE varchar(9)"
      sql(outside, s"ALTER TABLE proof.silver $changes")
      val error = intercept[UsageError](sink.open(Proof.dataset, spark, write = true)(write(_, 2)))
      assert(error.message.startsWith("proof.silver.exact is numeric(9,1) there and numeric(10,2)"))
      assert(!error.message.contains("label"))
      assert(generation(outside) == "1 1 1")
      sql(outside, error.message.replaceAll("(?s).*\\((ALTER .*)\\) and backfill.*", "$1"))
      sink.open(Proof.dataset, spark, write = true)(write(_, 2))
      assert(generation(outside) == "2 2 2")
    }
  }

  test("a redo that is killed shows the old rows, and the next run the new ones") {
    withDatabase { (sink, outside) =>
      sink.open(Proof.dataset, spark, write = true)(write(_, 1))
      sql(
        outside,
        Proof.halt
      ) // half-way: silver is replaced, gold waits for a lock that we hold
      sql(outside, "SELECT pg_advisory_lock(7)")
      val writer = Proof.writer(sink.connection)
      try {
        while (alive(outside).isEmpty && writer.isAlive) Thread.sleep(100)
        assert(writer.isAlive)
        assert(generation(outside) == "1 1 1")
      } finally writer.destroyForcibly().waitFor()
      assert(generation(outside) == "1 1 1")
      intercept[NotReady](sink.open(Proof.dataset, spark, write = true)(_ => ()))
      sql(outside, "SELECT pg_advisory_unlock(7)")
      while (
        texts(outside, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") != Seq("0")
      )
        Thread.sleep(100)
      assert(generation(outside) == "1 1 1")
      assert(staging(outside).nonEmpty)
      sink.open(Proof.dataset, spark, write = true) { store =>
        assert(staging(outside).isEmpty)
        write(store, 2)
      }
      assert(generation(outside) == "2 2 2")
    }
  }

  proof("a run that is killed at any table shows the old rows, and the next one the new", each) {
    here =>
      here.write("a", here.rows(5))
      here.write("b", here.rows(5, window = 1))
      assert(here.run(here.over(2)).exit == 0)
      val before = here.content()
      here.write("c", here.rows(4, version = 1))
      val never = here.copyTo("never")
      assert(never.again(2).exit == 0)
      val after = never.content()
      assert(before != after)
      val tables =
        here.pipeline.steps.map(one => quoted(here.name, one.table.name)) :+ "public.ledger"
      val telling = Seq(1, tables.size) ++ (2 until tables.size)
      Processes.points(tables.size, telling).map(step => tables(step - 1)).foreach { table =>
        val killed = here.copyTo(s"killed at $table".filterNot(_ == '"'))
        val outside = PostgresServer.of(killed.folder)
        Using.resource(outside.connect()) { connection =>
          sql(connection, Proof.sleep)
          sql(
            connection,
            s"CREATE TRIGGER sleep BEFORE INSERT ON $table EXECUTE FUNCTION sleeping()"
          )
        }
        def asleep() = Using.resource(outside.connect())(texts(_, Proof.asleep) != Seq("0"))
        assert(Processes.killed(killed, redo(killed))(() => asleep()), s"no run wrote to $table")
        assert(killed.content() == before, s"killed at $table")
        Using.resource(outside.connect())(sql(_, s"DROP TRIGGER sleep ON $table"))
        assert(killed.again(2).exit == 0)
        assert(killed.content() == after, s"killed at $table")
        Using.resource(outside.connect())(one => assert(staging(one).isEmpty))
      }
  }

  /** The command that does again what was done. */
  private def redo(here: World) =
    if (windowed().contains(here.name))
      here.backfilling(here.begin, here.end(2))
    else Seq("run", here.name, "--as-of", Times.text(here.over(3)))

  private def each = having("Postgres").intersect(rewriting)
}

/** A dataset of two tables; all rows of a run are of one generation, as is its entry. */
final case class Proof(name: String) extends Dataset {
  def contract: Contract = Contract("", tables.map(one => one.name -> one).toMap, Duration.ZERO)
  def eventTime: Option[String] = None
  def tables: Seq[Table] = Seq(Proof.silver, Proof.gold)
}

object Proof {
  private val columns = Seq(
    "generation" -> "BIGINT",
    "_unit" -> "TIMESTAMP",
    "at" -> "TIMESTAMP",
    "label" -> "STRING",
    "price" -> "DOUBLE",
    "exact" -> "DECIMAL(10,2)",
    "day" -> "DATE",
    "good" -> "BOOLEAN"
  ).map { case (name, kind) => Column(name, kind) }

  val silver: Table = Table("silver", columns)
  val gold: Table = Table("gold", columns)

  val dataset: Dataset = Proof("proof")

  def rows(spark: SparkSession, generation: Int): DataFrame = {
    val at = LocalDateTime.of(2025, 1, 1, 0, 0)
    val three =
      Seq("a", "b", null).map(Row(generation.toLong, at, at, _, 1.5, null, at.toLocalDate, true))
    spark.createDataFrame(three.asJava, silver.schema)
  }

  def entry(generation: Int): Entry = {
    val at = LocalDateTime.of(2025, 1, 1, 0, 0)
    Entry("proof", "unit", Status.Done, 1, "run", at, at, rows = generation.toLong)
  }

  def write(store: Store, generation: Int): Unit = {
    store.transact(store.spark) { into =>
      Seq(silver, gold).foreach(into.replace(_, Rows.all, rows(store.spark, generation)))
      Seq(entry(generation))
    }
    ()
  }

  /** The generations that a reader sees at one moment: of both tables, and the ledger's newest. */
  def generation(connection: Connection): String = {
    def of(table: String) = s"(SELECT string_agg(DISTINCT generation::text, ',') FROM proof.$table)"
    val newest = "(SELECT entry ->> 'rows' FROM ledger ORDER BY id DESC LIMIT 1)"
    texts(connection, s"SELECT concat_ws(' ', ${of("silver")}, ${of("gold")}, $newest)").head
  }

  /** Lets whoever writes sleep in the middle of it. */
  val sleep: String = """CREATE FUNCTION sleeping() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$"""

  /** How many sleep. */
  val asleep: String = "SELECT count(*) FROM pg_stat_activity " +
    "WHERE datname = current_database() AND wait_event = 'PgSleep'"

  /** Lets whoever writes to gold wait for our lock. */
  val halt: String =
    """CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
      CREATE TRIGGER halt BEFORE INSERT ON proof.gold EXECUTE FUNCTION halt()"""

  /** Writers that wait for it. */
  def alive(connection: Connection): Seq[String] =
    texts(connection, "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")

  /** Another JVM that writes the second generation. The server never looks if it is there. */
  def writer(place: PostgresConnection): Process = {
    val url = s"${place.url}&options=-c%20client_connection_check_interval%3D0"
    val program = s"${sys.props("java.home")}/bin/java"
    val options = ManagementFactory.getRuntimeMXBean.getInputArguments.asScala
    val command = (program +: options.toSeq) ++
      Seq("-cp", sys.props("java.class.path"), getClass.getName.stripSuffix("$"), url)
    new ProcessBuilder(command.asJava).inheritIO().start()
  }

  def main(arguments: Array[String]): Unit = {
    val sink = Postgres(PostgresConnection(arguments(0), "postgres"))
    sink.open(Proof.dataset, Engine.session("writer", sink.needed), write = true)(write(_, 2))
  }
}
