package flights

import core._

/** The pipelines of this project that a proof is about. */
object Worlds {

  /** Those that have all of these parts, by the names of their classes.
    *
    * Consumers are none of them: they have no source that a test could write to.
    */
  def having(parts: String*): Seq[String] =
    made.keys.toSeq.filter(name => parts.forall(kinds(made(name))))

  /** Those that read windows of event time, and have these parts. */
  def windowed(parts: String*): Seq[String] = having(parts: _*).filter { name =>
    field(made(name).extraction, "every").isDefined
  }

  /** Those that write again what they wrote: windows only if a done one may be done again. */
  def rewriting: Seq[String] = having().diff(windowed()) ++ windowed("Idempotent")

  /** Those whose source shows rows as they are now: what was changed or deleted there is gone. */
  def mutable(parts: String*): Seq[String] =
    having(parts: _*).filter(name =>
      kinds(made(name)).intersect(Set("FilesSource", "PostgresSource")).nonEmpty
    )

  /** Those that have these parts, and a column that must not be empty, beside event time. */
  def spoilable(parts: String*): Seq[String] = having(parts: _*).filter { name =>
    val time = made(name).source.eventTime
    made(name).contract.source.exists(column => column.required && !time.contains(column.name))
  }

  /** Whether a pipeline's rows have a key. */
  def keyed(name: String): Boolean = made(name).contract.tables("silver").key.nonEmpty

  /** Whether a pipeline's rows have an event time. */
  def timed(name: String): Boolean = made(name).source.eventTime.isDefined

  /** What a part is told, by name: not every project has the class of every part. */
  def field(part: Any, name: String): Option[Any] = part match {
    case told: Product =>
      told.productElementNames.zip(told.productIterator).collectFirst { case (`name`, value) =>
        value
      }
    case _ => None
  }

  private lazy val settings = Settings.load()

  private lazy val made: Map[String, Pipeline[_ <: Sink]] = Pipelines.all
    .map { case (name, make) =>
      name -> make(settings)
    }
    .filterNot { case (_, pipeline) => kinds(pipeline)("Published") }

  private def kinds(pipeline: Pipeline[_ <: Sink]): Set[String] = {
    val parts = Seq[Any](
      pipeline.source,
      pipeline.extraction,
      pipeline.writing,
      pipeline.behaviour,
      pipeline.sink
    )
    (parts ++ pipeline.structure).flatMap(layers).map(kind).toSet
  }

  /** A part, and the ones that it wraps or is told. */
  def layers(part: Any): Seq[Any] = part match {
    case told: Product => part +: told.productIterator.toSeq
    case _             => Seq(part)
  }

  def kind(part: Any): String = part.getClass.getSimpleName.stripSuffix("$")
}
