package bank
package patterns

import core._

/** Direct: from the source through the quality gate to silver and gold; nothing is kept raw.
  *
  * What a rule refused, or a newer version replaced, is only in the source. Choose multi-hop to
  * keep it. `silver` and `gold` are SQL over `input`.
  */
final case class Direct(silver: String, gold: String) extends Structure {

  def steps(gate: Gate): Seq[Step] = {
    val tables = gate.contract.tables
    Seq(
      Step(gate.quarantine, Step.Batch, _.raw, (rows, _) => gate.failing(rows)),
      Step(tables("silver"), Step.Batch, _.rows, (rows, _) => Sql.over(silver)(gate.passing(rows))),
      Step(tables("gold"), "silver", _.aggregate, (rows, _) => Sql.over(gold)(rows))
    )
  }
}
