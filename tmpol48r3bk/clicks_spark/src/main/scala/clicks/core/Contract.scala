package clicks
package core

import java.time.Duration

import scala.io.Source.fromInputStream
import scala.util.Using

import org.apache.spark.sql.functions.col
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, Row, SparkSession}
import upickle.default.{Reader, macroR, read}
import upickle.implicits.key

/** One column; `source` is how the data spells its name. */
final case class Column(
    name: String,
    @key("physicalType") kind: String,
    @key("physicalName") source: String = "",
    required: Boolean = false,
    @key("primaryKey") identifies: Boolean = false
)

/** A condition in SQL that every row must fulfil; unknown counts as broken. */
final case class Rule(name: String, query: String)

/** A table with all of its columns in order. */
final case class Table(
    name: String,
    @key("properties") columns: Seq[Column],
    @key("quality") rules: Seq[Rule] = Nil
) {
  def names: Seq[String] = columns.map(_.name)

  /** The columns that identify a row. */
  def key: Seq[String] = columns.filter(_.identifies).map(_.name)

  /** Explicit columns: a table is never created from a query. */
  def schema: StructType =
    StructType.fromDDL(columns.map(column => s"`${column.name}` ${column.kind}").mkString(", "))

  /** Its columns of some rows, in its types. */
  def typed(rows: DataFrame): DataFrame =
    rows.select(schema.map(one => col(one.name).cast(one.dataType).as(one.name)): _*)

  /** No rows. */
  def empty(spark: SparkSession): DataFrame =
    spark.createDataFrame(java.util.List.of[Row](), schema)
}

/** What a pipeline expects (the table `source`) and promises (`silver`, `gold`).
  *
  * The file is a subset of the Open Data Contract Standard 3 (https://bitol-io.github.io). It is
  * part of the code: a missing part is an ordinary exception.
  */
final case class Contract(text: String, tables: Map[String, Table], freshness: Duration) {

  /** The columns of the source. */
  def source: Seq[Column] = tables("source").columns
}

object Contract {
  implicit private val columns: Reader[Column] = macroR
  implicit private val rules: Reader[Rule] = macroR
  implicit private val tables: Reader[Table] = macroR

  def load(resource: String): Contract = parse(Resource.text(resource))

  def parse(text: String): Contract = {
    val document = Yaml.parse(text)
    val promises = document("slaProperties").arr.map(one => one("property").str -> one("value"))
    Contract(
      text,
      document("schema").arr.map(read[Table](_)).map(table => table.name -> table).toMap,
      Duration.ofHours(promises.toMap.apply("freshness").num.toLong)
    )
  }

  /** The table in which a contract is published: its text. */
  val Published: Table = Table("published", Seq(Column("contract", "STRING")))

  /** Columns that say where a row came from; their names begin with `_`. */
  def lineage(columns: (String, String)*): Seq[Column] =
    columns.map { case (name, kind) => Column(s"_$name", kind) }
}

/** A file that is packed with the code, by its place below this project's package. */
object Resource {
  private val root = getClass.getPackageName.takeWhile(_ != '.')

  def text(name: String): String = {
    val stream = getClass.getResourceAsStream(s"/$root/$name")
    Using.resource(fromInputStream(stream, "utf-8"))(_.mkString)
  }
}
