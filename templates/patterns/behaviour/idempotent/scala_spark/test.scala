package patterns

import core.{Overwritable, Sink, Writing}
import Worlds._

/** Idempotent: any unit, any number of times, in any order. */
class IdempotentTest extends Proofs {
  proof("a rerun changes nothing", windowed("Idempotent")) { here =>
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window = 1))
    here.run(here.over(2))
    val before = here.content()
    assert(here.backfill(here.begin, here.end(2)).exit == 0)
    assert(here.backfill(here.end(1), here.end(2)).exit == 0)
    assert(here.content() == before)
  }

  proof("of rows with the same key the last wins", keyed) { here =>
    here.write("a", here.rows(5, version = 1) ++ here.rows(5, version = 2))
    here.write("b", here.rows(5, version = 3).take(2))
    here.run(here.over(1))
    val latest = here.rows(5, version = 3).take(2) ++ here.rows(5, version = 2).drop(2)
    assert(here.silver() == Cells.ordered(latest))
  }

  test("only a sink whose rows can be replaced is wired to it") {
    assertCompiles("implicitly[Idempotent.type <:< Writing[Overwritable]]")
    assertTypeError("implicitly[Idempotent.type <:< Writing[Sink]]")
  }

  private def keyed =
    windowed("Idempotent").filter(Worlds.keyed).diff(having("PostgresSource")) // it has no order
}
