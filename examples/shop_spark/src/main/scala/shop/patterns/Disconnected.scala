package shop
package patterns

import org.apache.spark.sql.functions.lit

import core._

/** Disconnected: the dataset is published with its contract, and consumers know nothing else of it.
  *
  * The table `published` has the text of contract.yml, `promise`. It commits together with the data
  * that it speaks of, so a consumer never sees the one without the other. Consumers run when they
  * like: the source Published tells them whether the data is ready.
  */
final case class Disconnected(promise: String) extends Structure {

  def steps(gate: Gate): Seq[Step] = Seq(
    Step(
      Contract.Published,
      "silver",
      _ => Slice(Rows.all, Rows.all),
      (rows, _) => rows.sparkSession.range(1).select(lit(promise).as("contract")),
      parallel = false
    )
  )
}
