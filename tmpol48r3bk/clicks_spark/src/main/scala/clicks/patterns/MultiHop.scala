package clicks
package patterns

import core._

/** Multi-hop: bronze keeps the rows as they came, each later hop is rebuilt from the one before.
  *
  * bronze (a whole batch) → quality gate → silver → gold. The last two are SQL over `input`.
  */
final case class MultiHop(silver: String, gold: String) extends Structure {

  def steps(gate: Gate): Seq[Step] = {
    val tables = gate.contract.tables
    val bronze = gate.raw.name
    Seq(
      Step(gate.raw, Step.Batch, _.raw, (rows, _) => rows),
      Step(gate.quarantine, bronze, _.raw, (rows, _) => gate.failing(rows)),
      Step(tables("silver"), bronze, _.rows, (rows, _) => Sql.over(silver)(gate.passing(rows))),
      Step(tables("gold"), "silver", _.aggregate, (rows, _) => Sql.over(gold)(rows))
    )
  }
}
