package events

import java.time.LocalDate
import java.util.TimeZone

import org.apache.spark.sql.{DataFrame, SparkSession}

/** What one would type by hand for the same tables on Spark: plain SQL, each chunk overwritten.
  *
  * Raw EVENTS WAREHOUSE BRONZE FIRST END CHUNK. It can be run again. It has no quality gate, no
  * quarantine, no ledger, no retries and no settings, and if it dies between two tables they stay
  * apart. With BRONZE `false` it makes silver and gold only, straight from the events.
  */
object Raw {
  val names = "event_id, happened_at, user_id, kind, country, amount, score, session"

  def main(arguments: Array[String]): Unit = {
    val (events, warehouse) = (arguments(0), arguments(1))
    val (first, end) = (LocalDate.parse(arguments(3)), LocalDate.parse(arguments(4)))
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"))
    val raw = new Raw(session(), events, warehouse, bronze = arguments(2).toBoolean)
    Iterator
      .iterate(first)(_.plusDays(arguments(5).toLong))
      .takeWhile(_.isBefore(end))
      .foreach(start => raw.write(start, Seq(start.plusDays(arguments(5).toLong), end).min))
  }

  private val cores = Runtime.getRuntime.availableProcessors.toString

  /** Set up as the generated project sets it up, as far as it changes what a query costs. */
  def session(): SparkSession = SparkSession
    .builder()
    .config("spark.master", "local[*]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", cores)
    .config("spark.sql.sources.parallelPartitionDiscovery.parallelism", cores)
    .config("spark.sql.artifact.isolation.enabled", "false")
    .config("spark.sql.constraintPropagation.enabled", "false")
    .config("spark.databricks.delta.snapshotPartitions", "2")
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
    .getOrCreate()
}

final private class Raw(spark: SparkSession, events: String, warehouse: String, bronze: Boolean) {
  import Raw.names

  def write(first: LocalDate, end: LocalDate): Unit = {
    def within(column: String) = s"$column >= TIMESTAMP '$first' AND $column < TIMESTAMP '$end'"
    arrived(within("happened_at")).createOrReplaceTempView("arrived")
    if (bronze) put("bronze", within("_unit"), spark.table("arrived"))
    val rows = if (bronze) s"${table("bronze")} WHERE ${within("_unit")}" else "arrived"
    put(
      "silver",
      within("_unit"),
      spark.sql(s"""
        SELECT $names, _unit, _file
        FROM (
          SELECT *, row_number() OVER (
            PARTITION BY _unit, event_id ORDER BY _file DESC, _row DESC
          ) AS place
          FROM $rows
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

  private def arrived(which: String): DataFrame = spark.read
    .parquet(events)
    .where(which)
    .selectExpr(
      names.split(", ").toIndexedSeq ++ Seq(
        "_metadata.file_name AS _file",
        "_metadata.row_index AS _row",
        "CAST(date_trunc('day', happened_at) AS TIMESTAMP_NTZ) AS _unit"
      ): _*
    )

  private def table(name: String) = s"delta.`$warehouse/events/$name`"

  private def put(name: String, where: String, rows: DataFrame): Unit = rows.write
    .format("delta")
    .mode("overwrite")
    .option("replaceWhere", where)
    .save(s"$warehouse/events/$name")
}

/** Same OURS RAW: prints the tables whose rows differ between two warehouses. */
object Same {
  private val shared = Map(
    "bronze" -> s"${Raw.names}, _file, _row, _unit",
    "silver" -> s"${Raw.names}, _unit, _file",
    "gold" -> "day, rows, total_amount"
  )

  def main(warehouses: Array[String]): Unit = {
    val spark = Raw.session()
    val differing = shared.keys.filter(name => warehouses.map(print(spark, _, name)).toSet.size > 1)
    println(differing.mkString(", "))
  }

  /** The number of rows, and two sums that change with any of them, in whatever order they are. */
  private def print(spark: SparkSession, warehouse: String, table: String) = {
    val hash = s"xxhash64(${shared(table)})"
    val sums = s"count(*), bit_xor($hash), sum(CAST($hash AS DECIMAL(38,0)))"
    spark.sql(s"SELECT $sums FROM delta.`$warehouse/events/$table`").head()
  }
}
