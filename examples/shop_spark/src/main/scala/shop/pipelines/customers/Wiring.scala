package shop
package pipelines.customers

import java.nio.file.Path

import core._
import patterns._
import sinks._
import sources._

/** customers: the one file that knows all parts of this pipeline. */
object Wiring {
  private val here = "pipelines/customers"
  private def file(name: String) = Resource.text(s"$here/$name")

  /** Puts the chosen parts together. */
  def pipeline(settings: Settings): Pipeline[_ <: Sink] = Pipeline(
    name = "customers",
    contract = Contract.parse(file("contract.yml")),
    source = FilesSource(
      path = settings.pipelines("customers").path,
      format = ParquetFiles()
    ),
    extraction = FullSnapshot(
      retain = 7,
      minRatio = 0.5,
      allowSmall = settings.pipelines("customers").allowSmall
    ),
    writing = RecordedDecision(
      Idempotent,
      settings.pipelines("customers").routing
    ),
    behaviour = Plain,
    structure = Seq(
      Direct(silver = file("silver.sql"), gold = file("gold.sql")),
      Conditional(routes = file("routes.sql"), remainder = "rest")
    ),
    sink = Delta(Path.of(settings.warehouse)),
    chunk = settings.chunk
  )
}
