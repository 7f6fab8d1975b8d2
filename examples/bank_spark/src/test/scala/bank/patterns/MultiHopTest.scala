package bank
package patterns

import Worlds._

/** Multi-hop: bronze keeps what came, a gate stands before silver, each hop follows from the last.
  */
class MultiHopTest extends Proofs {
  proof("bronze keeps every row as it came", having("MultiHop")) { here =>
    val rows = here.rows(5)
    here.write("a", rows ++ rows)
    here.run(here.over(1))
    val bronze = here.table("bronze")
    assert(bronze.size == 10)
    here.columns.filterNot(column => here.when.contains(column.name)).foreach { column =>
      val came = rows.map(row => here.files.text(row(column.name))).toSet
      assert(bronze.map(row => here.files.text(row(column.name))).toSet == came)
    }
  }

  proof("no row is lost between the hops", spoilable("MultiHop")) { here =>
    val rows = here.rows(9)
    here.write("a", here.spoil(rows.take(2)) ++ rows.drop(2))
    here.run(here.over(1))
    assert(here.silver() == Cells.ordered(rows.drop(2)))
    assert(here.table("quarantine").size + here.silver().size == here.table("bronze").size)
  }

  proof("hops are rebuilt without the source", rebuilt) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val before = here.content()
    here.remove("a")
    assert(here.backfill(here.begin, here.end(2), "--rebuild").exit == 0)
    assert(here.content() == before)
    assert(here.backfill(here.end(1), here.end(2), "--rebuild").exit == 2)
    assert(
      here.plan(here.over(2)).map(_._2).contains("new"),
      "it has no raw rows: it was never done"
    )
  }

  private def rebuilt = windowed("MultiHop", "Idempotent").intersect(mutable())
}
