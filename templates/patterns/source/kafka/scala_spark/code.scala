package sources

import java.time.LocalDateTime

import org.apache.spark.sql.functions.{col, expr, lit, when => whether}
import org.apache.spark.sql.{DataFrame, SparkSession}

import core._

/** A topic of Kafka as a source: one JSON object in each message, its values read as text.
  *
  * Streaming reads ranges of offsets, windows all that is kept. A message that is no object is kept
  * as it is, for quarantine.
  */
final case class KafkaSource(
    connection: KafkaConnection,
    topic: String,
    when: Option[EventTime] = None
) extends Source {
  def eventTime: Option[String] = when.map(_.column)

  def columns(contract: Contract): Seq[Column] = contract.source.map(_.copy(kind = "STRING"))

  def ready(asOf: LocalDateTime, contract: Contract): Unit = {
    connection.offsets(topic)
    ()
  }

  def read(spark: SparkSession, request: Request, contract: Contract): Batch = {
    val ranges = request.rows match {
      case Wanted.Items(names) => names.map(Messages.parse)
      case _                   => kept()
    }
    val messages = ranges.map(raw(spark, _, request.rows)).fold(nothing(spark))(_ union _)
    val rows = EventTime
      .timed(cells(messages, contract), when, columns(contract), contract)
      .withColumn("_unit", expr(request.unit))
    Batch(request.rows.of(rows))
  }

  /** What a batch reads of which all messages went. */
  private def nothing(spark: SparkSession) =
    spark.sql("SELECT CAST(NULL AS BINARY) AS value, 0L AS _row, '' AS _file LIMIT 0")

  private def kept() = connection.offsets(topic).toSeq.sortBy(_._1).map {
    case (partition, (oldest, end)) => Messages(topic, partition, oldest, end)
  }

  /** What windows read has no range in its name: it would be another one when more has come. */
  private def raw(spark: SparkSession, messages: Messages, wanted: Wanted) = {
    val place = wanted match {
      case Wanted.Items(_) => messages.name
      case _               => s"$topic-${messages.partition}"
    }
    connection
      .read(spark, topic, messages.partition, messages.from, messages.until)
      .select(col("value"), col("offset").as("_row"))
      .withColumn("_file", lit(place))
  }

  private def cells(messages: DataFrame, contract: Contract) = {
    val cells = contract.source.map(one => col("_cells").getItem(one.source).as(one.name))
    val problem = whether(col("_cells").isNull, "not a JSON object").as("_problem")
    val line = whether(col("_cells").isNull, expr("make_valid_utf8(_text)")).as("_line")
    messages
      .withColumn("_text", col("value").cast("string"))
      .withColumn("_cells", whether(expr("is_valid_utf8(_text)"), JsonObject.parsed(col("_text"))))
      .select(cells ++ Seq(col("_file"), col("_row"), problem, line): _*)
  }
}

/** The messages of one partition at `[from, until)`. */
final case class Messages(topic: String, partition: Int, from: Long, until: Long) {

  /** In the order of offsets, also as text: of messages with one key the last name wins. */
  def name: String = f"$topic-$partition:$from%019d-$until%019d"

  /** The same messages in ranges of at most so many. */
  def pieces(most: Int): Seq[Messages] =
    (from until until by most.toLong).map { start =>
      copy(from = start, until = math.min(start + most, until))
    }
}

object Messages {
  private val Name = "(.*)-(\\d+):(\\d+)-(\\d+)".r

  def parse(name: String): Messages = name match {
    case Name(topic, partition, from, until) =>
      Messages(topic, partition.toInt, from.toLong, until.toLong)
    case other => throw new IllegalArgumentException(s"no range of messages: $other")
  }
}
