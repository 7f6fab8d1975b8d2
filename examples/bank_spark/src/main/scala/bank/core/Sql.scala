package bank
package core

import org.apache.spark.sql.DataFrame

/** Transforms that are SQL over the relation `input`. */
object Sql {

  /** The rows that a query makes of others. Views belong to a session, and each chunk has its own.
    */
  def over(query: String)(input: DataFrame): DataFrame = {
    input.createOrReplaceTempView("input")
    input.sparkSession.sql(query)
  }

  /** A text in SQL. */
  def literal(text: String): String =
    "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
}
