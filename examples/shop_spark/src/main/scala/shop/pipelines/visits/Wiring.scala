package shop
package pipelines.visits

import java.time.{Duration, LocalDateTime}

import core._
import patterns._
import sinks._
import sources._

/** visits: the one file that knows all parts of this pipeline. */
object Wiring {
  private val here = "pipelines/visits"
  private def file(name: String) = Resource.text(s"$here/$name")

  /** Puts the chosen parts together. */
  def pipeline(settings: Settings): Pipeline[_ <: Sink] = Pipeline(
    name = "visits",
    contract = Contract.parse(file("contract.yml")),
    source = PostgresSource(
      connection = settings.postgres,
      table = settings.pipelines("visits").table,
      when = Some(
        EventTime(
          column = "started_at"
        )
      )
    ),
    extraction = TimeRanged(
      every = Duration.ofDays(1),
      since = LocalDateTime.of(2025, 1, 1, 0, 0)
    ),
    writing = Once,
    behaviour = SelfHealing(maxCatchUp = 30, retries = 3),
    structure = Seq(
      Direct(silver = file("silver.sql"), gold = file("gold.sql"))
    ),
    sink = Postgres(settings.postgres),
    chunk = settings.chunk
  )
}
