package shop
package patterns

import java.time.{Duration, LocalDateTime}

import org.apache.spark.sql.functions.{col, lit, max, when}
import org.apache.spark.sql.{Column => Cell, DataFrame}

import core._

/** Lateness: an event may be `watermark` older than the newest one of all items before its own.
  *
  * That is decided once, and for a corrected file as for the first one of that name (or content),
  * so that neither a redo nor the ends of batches change what is late.
  */
final case class Lateness(watermark: Duration) {

  /** Why a row of these items is late, or null. */
  def reason(items: Seq[Item]): Cell =
    items.groupMap(_.after.flatten)(_.file).foldLeft(lit(null).cast("string")) {
      case (other, (None, _))          => other
      case (other, (Some(top), files)) =>
        val oldest = LocalDateTime.parse(top.replace(' ', 'T')).minus(watermark)
        val why = s"older than ${Times.text(oldest).replace('T', ' ')}, the watermark at its file"
        val late = col("_file").isin(files: _*) && col("_event_time") < lit(oldest)
        when(late, Counts.Late + why).otherwise(other)
    }
}

object Lateness {

  /** Notes what the items hold, and how new the events of all items before them were. */
  def judged(line: Line, some: Seq[Item], passing: DataFrame): Line = {
    val (here, holds) = (some.map(_.at).toSet, newest(passing))
    val read = line.items.map { item =>
      if (here(item.at)) item.copy(newest = holds.get(item.file)) else item
    }
    val tops = read.scanLeft(Option.empty[String])((top, item) => (top ++ item.newest).maxOption)
    val before = read.map(_.at).zip(tops).toMap
    val first = read.reverse.flatMap(item => Seq(item.file, item.content).map(_ -> item.at)).toMap
    val known = read.map(item => item.at -> item).toMap
    val all = read.filter(item => here(item.at)).foldLeft(known) { (known, item) =>
      val original = known(first(item.file).min(first(item.content)))
      val after = item.after.orElse(original.after).getOrElse(before(original.at))
      known + (item.at -> item.copy(after = Some(after)))
    }
    line.copy(items = line.items.map(item => all(item.at)))
  }

  /** The newest event of each file, of rows that are good: a poisoned one makes no others late. */
  private def newest(passing: DataFrame) = {
    val found = passing.groupBy("_file").agg(max("_event_time").cast("string")).collect().toSeq
    found.map(row => row.getString(0) -> row.getString(1)).toMap
  }
}
