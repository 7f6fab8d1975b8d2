package patterns

import core.{Sink, Writing}
import Worlds._

/** Once: a unit that is done is never written again. */
class OnceTest extends Proofs {
  private val each = windowed("Once")

  proof("a rerun of a done unit is refused and changes nothing", each) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val before = here.content()
    val result = here.backfill(here.begin, here.end(1))
    assert(result.exit == 2 && result.log.contains("writes a unit once"))
    assert(here.content() == before)
  }

  proof("a unit that failed is written once it can be", each) { here =>
    here.write("a", here.rows(5))
    val failing = here.from(new Failing(Set(here.begin))(_)).behaving { case _ => Unaided }
    assert(failing.run(here.over(1)).exit == 1)
    assert(here.silver().isEmpty)
    assert(here.backfill(here.begin, here.end(1)).exit == 0)
    assert(here.silver() == Cells.ordered(here.rows(5)))
  }

  test("any sink can be written to once") {
    assertCompiles("implicitly[Once.type <:< Writing[Sink]]")
  }
}
