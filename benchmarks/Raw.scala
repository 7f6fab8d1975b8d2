package events

import java.time.LocalDate
import java.util.TimeZone

import org.apache.spark.sql.{DataFrame, SparkSession}

/** What one would type by hand for the same tables on Spark: plain SQL, each chunk overwritten.
  *
  * Raw EVENTS WAREHOUSE FIRST END CHUNK. It can be run again. It has no quality gate, no quarantine,
  * no ledger, no retries and no settings, and if it dies between two tables they stay apart.
  */
object Raw {
  private val names = "event_id, happened_at, user_id, kind, country, amount, score, session"

  def main(arguments: Array[String]): Unit = {
    val Array(events, warehouse, first, end, chunk) = arguments
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"))
    val spark = session()
    Iterator
      .iterate(LocalDate.parse(first))(_.plusDays(chunk.toLong))
      .takeWhile(_.isBefore(LocalDate.parse(end)))
      .foreach { start =>
        val until = Seq(start.plusDays(chunk.toLong), LocalDate.parse(end)).min
        write(spark, events, warehouse, start, until)
      }
  }

  private def session() = SparkSession
    .builder()
    .config("spark.master", "local[*]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", Runtime.getRuntime.availableProcessors.toString)
    .config("spark.sql.constraintPropagation.enabled", "false")
    .config("spark.databricks.delta.snapshotPartitions", "2")
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
    .getOrCreate()

  private def write(
      spark: SparkSession,
      events: String,
      warehouse: String,
      first: LocalDate,
      end: LocalDate
  ): Unit = {
    def within(column: String) = s"$column >= TIMESTAMP '$first' AND $column < TIMESTAMP '$end'"
    def table(name: String) = s"delta.`$warehouse/events/$name`"
    def put(name: String, where: String, rows: DataFrame) =
      rows.write
        .format("delta")
        .mode("overwrite")
        .option("replaceWhere", where)
        .save(s"$warehouse/events/$name")

    spark.read
      .parquet(events)
      .where(within("happened_at"))
      .selectExpr(
        names.split(", ").toIndexedSeq ++ Seq(
          "_metadata.file_name AS _file",
          "_metadata.row_index AS _row",
          "CAST(date_trunc('day', happened_at) AS TIMESTAMP_NTZ) AS _unit"
        ): _*
      )
      .createOrReplaceTempView("arrived")
    put("bronze", within("_unit"), spark.table("arrived"))
    put(
      "silver",
      within("_unit"),
      spark.sql(s"""
        SELECT $names, _unit, _file
        FROM (
          SELECT *, row_number() OVER (
            PARTITION BY _unit, event_id ORDER BY _file DESC, _row DESC
          ) AS place
          FROM ${table("bronze")} WHERE ${within("_unit")}
        )
        WHERE place = 1""")
    )
    put(
      "gold",
      s"day >= DATE '$first' AND day < DATE '$end'",
      spark.sql(s"""
        SELECT CAST(happened_at AS DATE) AS day, count(*) AS rows,
          CAST(sum(amount) AS DECIMAL(38,2)) AS total_amount
        FROM ${table("silver")} WHERE ${within("happened_at")}
        GROUP BY 1 ORDER BY 1""")
    )
  }
}
