package bank
package sinks

import core.UsageError

/** A column that a table has in another type than its contract, and the SQL that mends it. */
final case class Retyped(column: String, there: String, here: String, mend: String)

object Retyped {

  /** Refuses them: rows would be cast to what is there. */
  def refuse(found: Seq[Retyped]): Unit = if (found.nonEmpty) {
    val what =
      found.map(one => s"${one.column} is ${one.there} there and ${one.here} by contract.yml")
    throw UsageError(
      s"${what.mkString(", ")}: rows would be cast to what is there. Retype it " +
        s"(${found.map(_.mend).mkString("; ")}) and backfill, or begin with an empty sink"
    )
  }
}
