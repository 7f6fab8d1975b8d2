package bank
package pipelines.payments

import java.time.Duration

import core._
import patterns._
import sinks._
import sources._

/** payments: the one file that knows all parts of this pipeline. */
object Wiring {
  private val here = "pipelines/payments"
  private def file(name: String) = Resource.text(s"$here/$name")

  /** Puts the chosen parts together. */
  def pipeline(settings: Settings): Pipeline[_ <: Sink] = Pipeline(
    name = "payments",
    contract = Contract.parse(file("contract.yml")),
    source = KafkaSource(
      connection = settings.kafka,
      topic = settings.pipelines("payments").topic,
      when = Some(
        EventTime(
          column = "paid_at"
        )
      )
    ),
    extraction = Streaming(
      feed = KafkaFeed(
        connection = settings.kafka,
        topic = settings.pipelines("payments").topic,
        most = 10000,
        allowLost = settings.pipelines("payments").allowLost
      ),
      most = 10,
      watermark = Duration.ofDays(1)
    ),
    writing = Idempotent,
    behaviour = SelfHealing(maxCatchUp = 30, retries = 3),
    structure = Seq(
      MultiHop(silver = file("silver.sql"), gold = file("gold.sql"))
    ),
    sink = Postgres(settings.postgres),
    chunk = settings.chunk
  )
}
