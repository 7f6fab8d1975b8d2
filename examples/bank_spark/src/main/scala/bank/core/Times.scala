package bank
package core

import java.time.LocalDateTime
import java.time.format.{DateTimeFormatter, DateTimeFormatterBuilder}
import java.time.temporal.ChronoField

import upickle.default.{ReadWriter, readwriter}

/** Times without a zone, which are in UTC, as text that sorts like them. */
object Times {
  private val seconds = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss")
  private val micros = new DateTimeFormatterBuilder()
    .append(seconds)
    .appendFraction(ChronoField.MICRO_OF_SECOND, 6, 6, true)
    .toFormatter

  implicit val times: ReadWriter[LocalDateTime] =
    readwriter[String].bimap(text, LocalDateTime.parse(_))

  def text(time: LocalDateTime): String =
    (if (time.getNano < 1000) seconds else micros).format(time)

  /** A literal in any SQL: it has no zone, in Spark by `spark.sql.timestampType`. */
  def sql(time: LocalDateTime): String = s"TIMESTAMP '${text(time)}'"
}
