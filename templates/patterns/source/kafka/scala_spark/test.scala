package sources

import java.time.{Duration, LocalDateTime}

import org.apache.spark.sql.Row
import org.scalatest.funsuite.AnyFunSuite

import core._

/** A topic, of which nothing goes: what is written by one name again comes after it. */
final case class KafkaData(setting: String, topic: String, files: SourceFiles) extends SourceData {
  def settings: Map[String, String] = Map(setting -> topic)

  def write(name: String, rows: Seq[Map[String, Any]], columns: Seq[Column]): Unit =
    send(rows, columns)

  def send(rows: Seq[Map[String, Any]], columns: Seq[Column], partition: Int = 0): Unit = {
    val messages = files.spelled(rows, columns).map(files.objectOf(_, columns))
    KafkaServer.send(topic, messages, partition)
  }

  def remove(name: String): Unit = throw new UnsupportedOperationException("topics keep messages")
}

class KafkaTest extends AnyFunSuite {
  private lazy val spark = Commands.spark
  private val noon = LocalDateTime.of(2025, 1, 1, 12, 0)
  private val columns = Seq(Column("id", "BIGINT", "Id"), Column("at", "TIMESTAMP", "at"))
  private val contract = Contract("", Map("source" -> Table("source", columns)), Duration.ZERO)
  private val messages = Seq(
    """{"Id": 1, "at": "2025-01-01T11:59:59Z"}""",
    """{"Id": 2, "at": "2025-01-01T13:00:00+01:00", "more": {"a": [1]}}""",
    "poison",
    """{"at": "2025-01-01T13:00:00"}"""
  )

  private val broken = Seq("""{"Id": 5} {"Id": 6}""", "{'Id': 7}", """{"Id": NaN}""")
  private val exact = """{"Id": 12345678901234567.10}"""

  private def source(partitions: Int = 1) =
    KafkaSource(
      KafkaConnection(KafkaServer.bootstrap),
      KafkaServer.topic(partitions),
      Some(EventTime("at"))
    )

  private def end(of: KafkaSource) = of.connection.offsets(of.topic)(0)._2

  private def read(from: KafkaSource, wanted: Wanted, columns: String*) = {
    val rows = from.read(spark, Request("CAST(1 AS BIGINT)", wanted), contract).rows
    rows.orderBy("_file", "_row").selectExpr(columns: _*).collect().toSeq
  }

  test("messages are read by their offsets, and one that is no object is kept as it is") {
    val made = source()
    KafkaServer.send(made.topic, (messages :+ exact) ++ broken)
    val name = Messages(made.topic, 0, 1, 8).name
    val found = read(made, Wanted.Items(Seq(name)), "id", "_row", "_file", "_problem", "_line")
    assert(
      found == Seq(
        Row("2", 1L, name, null, null),
        Row(null, 2L, name, "not a JSON object", "poison"),
        Row(null, 3L, name, null, null),
        Row("12345678901234567.10", 4L, name, null, null)
      ) ++ broken.zipWithIndex.map { case (text, n) =>
        Row(null, 5L + n, name, "not a JSON object", text)
      }
    )
  }

  test("a batch of which all messages went has no rows") {
    assert(read(source(), Wanted.Items(Nil), "id").isEmpty)
  }

  test("a window is half-open and in UTC, over all partitions") {
    val made = source(2)
    KafkaServer.send(made.topic, messages)
    KafkaServer.send(made.topic, messages, partition = 1)
    val window = Wanted.Between(noon, noon.plusHours(1))
    assert(read(made, window, "id") == Seq(Row("2"), Row("2")))
    assert(read(made, Wanted.Everything, "id").size == 8)
  }

  test("what a transaction took back is not read, and what is in an open one is waited for") {
    val made = source()
    KafkaServer.transaction(made.topic, messages.take(1))(_.commitTransaction())
    KafkaServer.transaction(made.topic, messages.take(2))(_.abortTransaction())
    Iterator.continually(end(made)).find(_ == 5) // a transaction ends with a mark, a moment later
    KafkaServer.transaction(made.topic, messages.takeRight(1)) { _ =>
      assert(end(made) == 5)
      assert(read(made, Wanted.Everything, "id") == Seq(Row("1")))
    }
  }

  test("a topic that is not there is not ready, whatever it is called") {
    Seq("nowhere", "x\": {\"0\": 0}, \"y", "../x").foreach { topic =>
      intercept[NotReady](source().copy(topic = topic).ready(noon, contract))
    }
  }
}
