package bank
package pipelines.accounts

import java.time.{Duration, LocalDateTime}

import core._
import patterns._
import sinks._
import sources._

/** accounts: the one file that knows all parts of this pipeline. */
object Wiring {
  private val here = "pipelines/accounts"
  private def file(name: String) = Resource.text(s"$here/$name")

  /** Puts the chosen parts together. */
  def pipeline(settings: Settings): Pipeline[_ <: Sink] = Pipeline(
    name = "accounts",
    contract = Contract.parse(file("contract.yml")),
    source = PostgresSource(
      connection = settings.postgres,
      table = settings.pipelines("accounts").table,
      when = Some(
        EventTime(
          column = "opened_at",
          zone = "Europe/London"
        )
      )
    ),
    extraction = TimeRanged(
      every = Duration.ofDays(1),
      since = LocalDateTime.of(2025, 1, 1, 0, 0)
    ),
    writing = Idempotent,
    behaviour = SelfHealing(maxCatchUp = 30, retries = 3),
    structure = Seq(
      Direct(silver = file("silver.sql"), gold = file("gold.sql"))
    ),
    sink = Postgres(settings.postgres),
    chunk = settings.chunk
  )
}
