package flights

import java.time.LocalDate

import org.apache.spark.sql.DataFrame

import core.Column

/** Values of rows: made without chance or clock, and read back to be compared. */
object Cells {

  /** A value of the column's type that follows from a number. */
  def value(column: Column, seed: Int): Any = column.kind match {
    case "BIGINT"    => seed.toLong
    case "DOUBLE"    => seed + 0.5
    case "BOOLEAN"   => seed % 2 == 0
    case "DATE"      => LocalDate.of(2020, 1, 1).plusDays(seed.toLong)
    case "TIMESTAMP" => LocalDate.of(2020, 1, 1).atStartOfDay.plusMinutes(seed.toLong)
    case "STRING"    => s"${column.name} $seed"
    case decimal     => BigDecimal(seed).setScale(decimal.split("[,)]")(1).trim.toInt)
  }

  /** All rows of a table. */
  def rows(table: DataFrame): Seq[Row] = {
    val names = table.columns.toSeq
    table
      .collect()
      .toSeq
      .map(row =>
        names
          .zip(row.toSeq.map(cell))
          .collect { case (name, Some(value)) =>
            name -> value
          }
          .toMap
      )
  }

  /** Rows in an order that does not depend on where they come from. */
  def ordered(rows: Seq[Row]): Seq[Row] = rows.sortBy(_.toSeq.sortBy(_._1).toString)

  private def cell(value: Any): Option[Any] = Option(value).map {
    case date: java.sql.Date           => date.toLocalDate
    case decimal: java.math.BigDecimal => BigDecimal(decimal)
    case other                         => other
  }
}
