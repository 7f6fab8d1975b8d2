package shop

import core._
import Worlds._

/** The quality gate: bad rows go to quarantine with the reason; too many of them stop the unit. */
class QualityTest extends Proofs {
  proof("bad rows go to quarantine with the reason", spoilable()) { here =>
    val rows = here.rows(9)
    here.write("a", here.spoil(rows.take(2)) ++ rows.drop(2))
    val result = here.run(here.over(1))
    assert(result.exit == 0 && result.facts("rejected").num == 2)
    assert(here.silver() == Cells.ordered(rows.drop(2)))
    assert(
      here.table("quarantine").map(_("reason").toString.takeWhile(_ != ':')).toSet == Set(
        here.spoiled
      )
    )
    assert(here.status(here.over(1))("quarantined").num == 2)
  }

  proof("mended rows leave quarantine", spoilable().filter(mendable)) { here =>
    val rows = here.rows(9)
    here.write("a", here.spoil(rows.take(2)) ++ rows.drop(2))
    here.run(here.over(1))
    here.write("a", rows)
    here.again(1)
    assert(here.silver() == Cells.ordered(rows))
    assert(here.table("quarantine").isEmpty)
  }

  proof("a unit that is mostly bad is refused and writes nothing", whole) { here =>
    here.write("a", here.spoil(here.rows(40)))
    val result = here.run(here.over(1))
    assert(result.exit == 1)
    assert(result.log.contains("40 of 40 rows break the contract"))
    assert(here.table("quarantine").isEmpty)
  }

  proof("every row is published or quarantined", having()) { here =>
    val rows = here.rows(30).map(_.filter { case (name, _) => here.needed(name) })
    here.write("a", rows)
    assert(here.run(here.over(1)).exit == 0)
    assert(here.silver() == Cells.ordered(rows))
  }

  proof("a rule whose answer is unknown counts as broken", spoilable()) { here =>
    val unknown = here.columns.filterNot(column => here.needed(column.name)).map(_.name)
    unknown.headOption.foreach { column =>
      val rows = here.rows(3)
      here.write("a", rows.take(1).map(_ - column) ++ rows.drop(1))
      val ruled =
        here.but(made => made.copy(contract = ruling(made.contract, s"$column = $column")))
      assert(ruled.run(here.over(1)).facts("rejected").num == 1)
      assert(ruled.silver() == Cells.ordered(rows.drop(1)))
      assert(ruled.table("quarantine").map(_("reason")) == Seq("the rule"))
    }
  }

  private def ruling(contract: Contract, query: String) = {
    val source = contract.tables("source")
    contract.copy(tables =
      contract.tables + ("source" -> source.copy(rules = Seq(Rule("the rule", query))))
    )
  }

  private def mendable(name: String) =
    mutable().diff(having("FullSnapshot")).contains(name) && rewriting.contains(name)

  private def whole = spoilable().diff(having("Streaming"))
}
