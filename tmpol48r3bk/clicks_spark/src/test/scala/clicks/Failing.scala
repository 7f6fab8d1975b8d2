package clicks

import java.time.LocalDateTime
import java.util.concurrent.atomic.AtomicInteger

import org.apache.spark.sql.SparkSession

import core._

/** A source that does something else as well, after it has read. */
final case class Disturbed(source: Source)(also: Request => Unit) extends Source {
  def eventTime: Option[String] = source.eventTime
  def columns(contract: Contract): Seq[Column] = source.columns(contract)
  def ready(asOf: LocalDateTime, contract: Contract): Unit = source.ready(asOf, contract)
  def read(spark: SparkSession, request: Request, contract: Contract): Batch = {
    val batch = source.read(spark, request, contract)
    also(request)
    batch
  }
}

/** Breaks off a source that is read for a range with one of `starts` in it; counts how often. */
final class Failing(starts: Set[LocalDateTime], transient: Boolean = false, times: Int = 1000000) {
  private val count = new AtomicInteger

  def asked: Int = count.get

  def apply(source: Source): Source = Disturbed(source)(_.rows match {
    case Wanted.Between(start, end)
        if starts.exists(one => !one.isBefore(start) && one.isBefore(end)) =>
      if (count.incrementAndGet() <= times)
        throw (if (transient) Transient("made to fail") else Failed("made to fail"))
    case _ => ()
  })
}

/** Does all that is due once, and takes every failure for what it is. */
object Unaided extends Behaviour {
  def choose(due: Seq[Due]): Seq[Due] = due
  def attempt(work: => Seq[Entry]): Seq[Entry] = work
  def failed(attempt: Int): Status = Status.Failed
  def carryOn(ended: Seq[Entry]): Boolean = true
}
