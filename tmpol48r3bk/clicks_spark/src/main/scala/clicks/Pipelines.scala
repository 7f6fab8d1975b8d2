package clicks

import scala.collection.immutable.ListMap

import core.{Pipeline, Settings, Sink}

/** All pipelines of this project, by name. */
object Pipelines {
  val all: Map[String, Settings => Pipeline[_ <: Sink]] = ListMap(
    "clicks" -> pipelines.clicks.Wiring.pipeline
  )
}
