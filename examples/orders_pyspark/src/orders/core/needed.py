"""What the parts of this project need Spark to be started with, whatever else it is told."""

# Fetched from Maven Central; made for this minor version of Spark.
PACKAGES: tuple[str, ...] = ("io.delta:delta-spark_4.2_2.13:4.4.0",)
NEEDED = {
    "spark.jars.packages": ",".join(PACKAGES),
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.snapshotPartitions": "2",  # of a table's log: 50 are for large ones
}
