package flights
package pipelines.flights

import java.nio.file.Path
import java.time.{Duration, LocalDateTime}

import core._
import patterns._
import sinks._
import sources._

/** flights: the one file that knows all parts of this pipeline. */
object Wiring {
  private val here = "pipelines/flights"
  private def file(name: String) = Resource.text(s"$here/$name")

  /** Puts the chosen parts together. */
  def pipeline(settings: Settings): Pipeline[_ <: Sink] = Pipeline(
    name = "flights",
    contract = Contract.parse(file("contract.yml")),
    source = FilesSource(
      path = settings.pipelines("flights").path,
      format = Csv(
        nulls = Seq(
          "NA"
        )
      ),
      when = Some(
        EventTime(
          column = "time_hour"
        )
      )
    ),
    extraction = TimeRanged(
      every = Duration.ofDays(1),
      since = LocalDateTime.of(2013, 3, 8, 0, 0),
      until = Some(LocalDateTime.of(2013, 3, 13, 0, 0))
    ),
    writing = Idempotent,
    behaviour = SelfHealing(maxCatchUp = 30, retries = 3),
    structure = Seq(
      MultiHop(silver = file("silver.sql"), gold = file("gold.sql"))
    ),
    sink = Delta(Path.of(settings.warehouse)),
    chunk = settings.chunk
  )
}
