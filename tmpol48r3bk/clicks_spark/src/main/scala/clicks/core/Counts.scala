package clicks
package core

import java.time.LocalDateTime

import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions.{col, count, count_if, desc, max, min, not, startswith, lit}

/** What a unit read: rows, rejected rows and the span of event time, in UTC. */
final case class Counts(
    rows: Long,
    rejected: Long,
    first: Option[LocalDateTime],
    last: Option[LocalDateTime]
) {
  def in(entry: Entry): Entry =
    entry.copy(rows = rows, rejected = rejected, firstEvent = first, lastEvent = last)
}

object Counts {
  private val Most = 0.5

  /** How the reason for a row that came too late begins: it keeps the contract all the same. */
  val Late = "late: "

  /** Counts of judged rows, by the start of their unit. */
  def of(judged: DataFrame): Map[String, Counts] = {
    val found = judged
      .groupBy("_unit")
      .agg(
        count("*"),
        count_if(col("_broken")),
        min("_event_time"),
        max("_event_time")
      )
    found
      .collect()
      .toSeq
      .map { row =>
        val times = Seq(3, 4).map(n => Option(row.getAs[LocalDateTime](n)))
        start(row.get(0)) -> Counts(row.getLong(1), row.getLong(2), times(0), times(1))
      }
      .toMap
  }

  /** The start of a unit, from what a row has as `_unit`. */
  def start(unit: Any): String = unit match {
    case time: LocalDateTime => Times.text(time)
    case other               => other.toString
  }

  /** When most rows break the contract, it is the source that changed, not some rows. */
  def refuseMany(judged: DataFrame, entries: Seq[Entry], enough: Long): Unit = {
    val rows = entries.map(_.rows).sum
    if (rows >= enough && entries.map(_.rejected).sum > rows * Most) {
      val reasons = judged
        .where(col("_broken") && not(startswith(col("reason"), lit(Late))))
        .groupBy("reason")
        .count()
        .orderBy(desc("count"), col("reason"))
        .collect()
        .toSeq
      val rejected = reasons.map(_.getLong(1)).sum
      if (rejected > rows * Most)
        throw Failed(
          s"$rejected of $rows rows break the contract: ${reasons.take(3).map(row => s"${row.getString(0)} (${row.getLong(1)} rows)").mkString("; ")}. " +
            "Nothing was written. Mend the source, or contract.yml if this is how the data is now."
        )
    }
  }
}
