package shop

import scala.collection.immutable.ListMap

import core.{Pipeline, Settings, Sink}

/** All pipelines of this project, by name. */
object Pipelines {
  val all: Map[String, Settings => Pipeline[_ <: Sink]] = ListMap(
    "orders" -> pipelines.orders.Wiring.pipeline,
    "orders_consumer" -> pipelines.orders_consumer.Wiring.pipeline,
    "customers" -> pipelines.customers.Wiring.pipeline
  )
}
