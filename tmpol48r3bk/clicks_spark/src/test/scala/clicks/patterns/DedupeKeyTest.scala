package clicks
package patterns

import core.Overwritable
import sinks.Consumer
import sinks.PartWorlds._
import Worlds._

/** Deduplicating key: of all versions, the views show the newest that counts, each row once. */
class DedupeKeyTest extends Proofs {
  private val each = files.filter(having("DedupeKey").contains)

  proof("the views show what the pipeline reads", each) { here =>
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window = 1))
    here.run(here.over(2))
    val consume = Consumer(here)
    assert(viewed(here, consume) == tables(here))
    here.write("c", here.rows(3, version = 1))
    here.command(redo(here): _*)
    assert(viewed(here, consume) == tables(here)) // the same views, made before
    assert(viewed(here, Consumer(here))("silver").nonEmpty)
  }

  proof("the views are there before the first row", each) { here =>
    open(here)
    assert(viewed(here, Consumer(here)).values.forall(_.isEmpty))
    here.write("a", here.rows(5))
    here.run(here.over(1))
    assert(viewed(here, Consumer(here)) == tables(here))
  }

  proof(
    "a part that was left without rows hides its versions",
    each.filter(windowed().intersect(mutable()).contains)
  ) { here =>
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window = 1))
    here.run(here.over(2))
    val consume = Consumer(here)
    here.remove("a")
    assert(here.again(2).exit == 0)
    assert(viewed(here, consume) == tables(here))
    assert(consume("silver").size == 5)
    here.write("a", here.rows(4))
    assert(here.again(2).exit == 0)
    assert(consume("silver").size == 9)
  }

  test("it makes rows replaceable")(assertCompiles("implicitly[DedupeKey <:< Overwritable]"))

  private def viewed(here: World, consume: Consumer): Map[String, Seq[Row]] =
    names(here).map(name => name -> consume(name)).toMap

  /** All tables as the pipeline itself reads them. */
  private def tables(here: World): Map[String, Seq[Row]] =
    names(here).map(name => name -> here.table(name)).toMap

  private def names(here: World) = here.pipeline.steps.map(_.table.name)
}
