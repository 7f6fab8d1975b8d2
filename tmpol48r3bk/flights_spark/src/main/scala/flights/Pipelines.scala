package flights

import scala.collection.immutable.ListMap

import core.{Pipeline, Settings, Sink}

/** All pipelines of this project, by name. */
object Pipelines {
  val all: Map[String, Settings => Pipeline[_ <: Sink]] = ListMap(
    "flights" -> pipelines.flights.Wiring.pipeline
  )
}
