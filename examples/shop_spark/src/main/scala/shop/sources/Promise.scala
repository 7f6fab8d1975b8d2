package shop
package sources

import java.time.Duration

import org.apache.spark.sql.functions.{col, count, lit}
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, SparkSession}

import core._

/** A dataset of another pipeline, as its contract has it. */
final case class Producer(name: String, contract: Contract) extends Dataset {
  def eventTime: Option[String] = None
  def tables: Seq[Table] = Contract.Published +: contract.tables.values.toSeq
  def silver: Table = contract.tables("silver")

  /** Whether the rows tell which unit they came with. */
  def byUnit: Boolean = silver.names.contains("_unit")
}

/** What a producer published under its contract, and whether its tables keep it. */
final case class Promise(producer: Producer, store: Store) {

  /** The clean rows. */
  def rows: DataFrame = store.table("silver")

  /** Refuses columns that are not as they are expected, or not as they are promised. */
  def refuseOtherColumns(expected: Contract): Unit = {
    val promised = producer.silver.columns.map(one => one.name -> one.kind.replace(" ", "")).toMap
    expected.source.foreach { column =>
      val found = promised.getOrElse(column.source, "nothing")
      if (found != column.kind.replace(" ", ""))
        throw Failed(
          s"broken: ${column.source} should be ${column.kind}, and ${producer.name} promises " +
            s"$found. Change contract.yml here if that is right."
        )
    }
    val there = types(store.stored("silver"))
    val wrong = types(producer.silver.schema).filterNot(there.contains)
    if (wrong.nonEmpty)
      throw broken(s"has no ${wrong.map { case (name, kind) => s"$name $kind" }.mkString(", ")}")
  }

  /** Refuses a required value that is missing, and a key that is there twice. */
  def refuseOtherValues(): Unit = {
    val silver = producer.silver
    silver.columns.filter(_.required).foreach { column =>
      if (!rows.where(col(column.name).isNull).isEmpty) throw broken(s"${column.name} is empty")
    }
    // rows that tell their unit are versions of a key, one for each unit
    val key = silver.key ++ Seq("_unit").filter(_ => producer.byUnit)
    val twice = rows.groupBy(key.map(col): _*).agg(count(lit(1)).as("_times")).where("_times > 1")
    if (silver.key.nonEmpty && !twice.isEmpty)
      throw broken(s"a key (${key.mkString(", ")}) is there twice")
  }

  private def broken(how: String) = Failed(s"broken: ${producer.name}.silver: $how")

  private def types(schema: StructType) = schema.map(one => one.name -> one.dataType.sql)
}

object Promise {

  /** What a producer published, open to read; the contract first, since it tells the tables. */
  def opened[A](name: String, sink: Sink, spark: SparkSession)(use: Promise => A): A = {
    val text =
      sink.open(Producer(name, Contract("", Map.empty, Duration.ZERO)), spark, write = false) {
        store =>
          store.table(Contract.Published.name).collect().headOption.map(_.getString(0))
      }
    val contract = Contract.parse(
      text.getOrElse(throw NotReady(s"not ready: $name has published nothing yet"))
    )
    val producer = Producer(name, contract)
    sink.open(producer, spark, write = false)(store => use(Promise(producer, store)))
  }
}
