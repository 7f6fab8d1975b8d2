package shop

import core._

/** The limits that the proofs count on. This project may have chosen others, or an end of its data.
  */
object Limits {
  def of(pipeline: Pipeline[Sink]): Pipeline[Sink] = pipeline.copy(
    source = source(pipeline.source),
    extraction = extraction(pipeline.extraction),
    behaviour = behaviour(pipeline.behaviour)
  )

  private def source(part: Source): Source = part match {
    case it: sources.FilesSource =>
      it.copy(take = sources.Take.AllMatching)
    case it: sources.Published =>
      it.copy(until = None)
    case other =>
      other
  }

  private def extraction(part: Extraction): Extraction = part match {
    case it: patterns.FullSnapshot =>
      it.copy(retain = 7, minRatio = 0.5)
    case it: patterns.Lookback =>
      it.copy(until = None)
    case it: patterns.Streaming =>
      it.copy(most = 100, watermark = java.time.Duration.ofDays(1))
    case other =>
      other
  }

  private def behaviour(part: Behaviour): Behaviour = part match {
    case it: patterns.SelfHealing =>
      it.copy(maxCatchUp = 30, retries = 3, backoff = java.time.Duration.ofMillis(1))
    case other =>
      other
  }
}
