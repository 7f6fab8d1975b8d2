package shop
package pipelines.orders_consumer

import java.nio.file.Path
import java.time.Duration

import core._
import patterns._
import sinks._
import sources._

/** orders_consumer: the one file that knows all parts of this pipeline. */
object Wiring {
  private val here = "pipelines/orders_consumer"
  private def file(name: String) = Resource.text(s"$here/$name")

  private def published(settings: Settings) = Published(
    producer = "orders",
    sink = Parquet(Path.of(settings.warehouse)),
    eventTime = Some("ordered_at")
  )

  /** Puts the chosen parts together. */
  def pipeline(settings: Settings): Pipeline[_ <: Sink] = Pipeline(
    name = "orders_consumer",
    contract = Contract.parse(file("contract.yml")),
    source = published(settings),
    extraction = Streaming(
      feed = published(settings),
      most = 100,
      watermark = Duration.ofDays(36500)
    ),
    writing = Idempotent,
    behaviour = Plain,
    structure = Seq(
      Direct(silver = file("silver.sql"), gold = file("gold.sql"))
    ),
    sink = Parquet(Path.of(settings.warehouse)),
    chunk = settings.chunk
  )
}
