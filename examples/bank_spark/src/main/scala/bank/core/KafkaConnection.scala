package bank
package core

import java.util.Properties

import scala.jdk.CollectionConverters._
import scala.util.Using
import scala.util.control.NonFatal

import org.apache.kafka.clients.admin.{Admin, ListOffsetsOptions, OffsetSpec}
import org.apache.kafka.common.{IsolationLevel, TopicPartition}
import org.apache.spark.sql.{DataFrame, SparkSession}
import upickle.default.{Reader, macroR}

/** Where Kafka is, and options of its clients: known by the environment alone, and never shown. */
final case class KafkaConnection(servers: String = "", options: Map[String, String] = Map.empty) {
  override def toString: String = "the broker of PIPELINE_KAFKA__SERVERS"

  /** The offsets that a topic has now, by partition: the oldest, and the end of what transactions
    * have committed.
    */
  def offsets(topic: String): Map[Int, (Long, Long)] =
    try {
      if (servers.isEmpty)
        throw EnvironmentFailure("PIPELINE_KAFKA__SERVERS is not set: <host>:<port>")
      Using.resource(Admin.create(settings)) { admin =>
        val told = admin.describeTopics(List(topic).asJava).allTopicNames.get.get(topic)
        val places = told.partitions.asScala.map(one => new TopicPartition(topic, one.partition))
        val committed = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED)
        def at(spec: OffsetSpec) = {
          val asked = places.map(_ -> spec).toMap.asJava
          val found = admin.listOffsets(asked, committed).all.get.asScala
          found.map { case (place, there) => place.partition -> there.offset }
        }
        val (oldest, end) = (at(OffsetSpec.earliest), at(OffsetSpec.latest))
        end.map { case (partition, offset) => partition -> (oldest(partition) -> offset) }.toMap
      }
    } catch {
      case error: PipelineError => throw error
      case NonFatal(error)      =>
        val said = Option(error.getCause).getOrElse(error).toString
        val why = (servers +: options.values.toSeq).filter(_.nonEmpty).foldLeft(said) {
          (text, secret) => text.replace(secret, "...")
        }
        throw NotReady(s"the topic $topic cannot be read at $this: $why")
    }

  /** The messages of one partition at `[from, until)`, but for those that a transaction took back.
    * What is no longer there is an error.
    */
  def read(
      spark: SparkSession,
      topic: String,
      partition: Int,
      from: Long,
      until: Long
  ): DataFrame = {
    def at(offset: Long) =
      ujson.Obj(topic -> ujson.Obj(partition.toString -> offset.toDouble)).render()
    spark.read
      .format("kafka")
      .options(options.map { case (key, value) => s"kafka.$key" -> value })
      .option("kafka.bootstrap.servers", servers)
      .option("kafka.isolation.level", "read_committed")
      .option("assign", ujson.Obj(topic -> ujson.Arr(partition)).render())
      .option("startingOffsets", at(from))
      .option("endingOffsets", at(until))
      .option("failOnDataLoss", "true")
      .load()
  }

  private def settings = {
    val settings = new Properties
    options.foreach { case (key, value) => settings.setProperty(key, value) }
    settings.setProperty("bootstrap.servers", servers)
    settings
  }
}

object KafkaConnection {
  implicit val json: Reader[KafkaConnection] = macroR
}
