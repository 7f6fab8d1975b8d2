package shop
package pipelines.orders

import java.nio.file.Path
import java.time.{Duration, LocalDateTime}

import core._
import patterns._
import sinks._
import sources._

/** orders: the one file that knows all parts of this pipeline. */
object Wiring {
  private val here = "pipelines/orders"
  private def file(name: String) = Resource.text(s"$here/$name")

  /** Puts the chosen parts together. */
  def pipeline(settings: Settings): Pipeline[_ <: Sink] = Pipeline(
    name = "orders",
    contract = Contract.parse(file("contract.yml")),
    source = FilesSource(
      path = settings.pipelines("orders").path,
      format = Csv(),
      when = Some(
        EventTime(
          column = "ordered_at",
          zone = "Europe/London"
        )
      )
    ),
    extraction = Lookback(
      every = Duration.ofDays(1),
      since = LocalDateTime.of(2025, 1, 1, 0, 0),
      windows = 7,
      trailing = 7
    ),
    writing = Idempotent,
    behaviour = SelfHealing(maxCatchUp = 30, retries = 3),
    structure = Seq(
      MultiHop(silver = file("silver.sql"), gold = file("gold.sql")),
      Disconnected(promise = file("contract.yml"))
    ),
    sink = Parquet(Path.of(settings.warehouse)),
    chunk = settings.chunk
  )
}
