package clicks
package pipelines.clicks

import java.nio.file.Path
import java.time.Duration

import core._
import patterns._
import sinks._
import sources._

/** clicks: the one file that knows all parts of this pipeline. */
object Wiring {
  private val here = "pipelines/clicks"
  private def file(name: String) = Resource.text(s"$here/$name")

  /** Puts the chosen parts together. */
  def pipeline(settings: Settings): Pipeline[_ <: Sink] = Pipeline(
    name = "clicks",
    contract = Contract.parse(file("contract.yml")),
    source = FilesSource(
      path = settings.pipelines("clicks").path,
      format = JsonLines(),
      when = Some(
        EventTime(
          column = "clicked_at"
        )
      )
    ),
    extraction = Streaming(
      feed = FileFeed(settings.pipelines("clicks").path),
      most = 100,
      watermark = Duration.ofDays(1)
    ),
    writing = Idempotent,
    behaviour = SelfHealing(maxCatchUp = 30, retries = 3),
    structure = Seq(
      MultiHop(silver = file("silver.sql"), gold = file("gold.sql"))
    ),
    sink = DedupeKey(AppendLog(Path.of(settings.warehouse))),
    chunk = settings.chunk
  )
}
