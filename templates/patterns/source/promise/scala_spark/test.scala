package sources

import core._
import patterns.Pairs
import patterns.Pairs.{promising, refused}
import Worlds._

/** The promise: what is not as it was promised, or not what is needed, is read by nobody. */
class PromiseTest extends Proofs {
  private val each = having("Disconnected")

  proof("a promise that is not what the consumer needs is broken", each) { world =>
    val (here, consumer) = Pairs.of(world)
    consumer.run(here.over(2))
    val last = here.columns.last
    val kind = if (last.kind == "STRING") "BIGINT" else "STRING"
    val needed = consumer.columns.last
    Seq(needed.copy(source = "never_there"), needed.copy(kind = kind)).foreach { other =>
      refused(expecting(consumer, other), here.over(2), 1, "broken")
    }
  }

  proof("a promise that the tables do not keep is broken", each) { world =>
    val (here, consumer) = Pairs.of(world)
    consumer.run(here.over(2))
    val more = ujson.Obj("name" -> "never_there", "physicalType" -> "BIGINT")
    here.write("w2", here.rows(4, window = 2))
    assert(promising(here)(_ :+ more).run(here.over(3)).exit == 0)
    refused(consumer, here.over(3), 1, "broken")
  }

  proof("a key that comes twice is broken", each.filter(Worlds.keyed)) { world =>
    val (here, consumer) = Pairs.of(world)
    consumer.run(here.over(2))
    here.write("w2", here.rows(4, window = 2))
    assert(doubling(here).run(here.over(3)).exit == 0)
    refused(consumer, here.over(3), 1, "there twice")
  }

  proof("a required value that is missing is broken", each.filter(emptied(_).nonEmpty)) { world =>
    val (here, consumer) = Pairs.of(world)
    consumer.run(here.over(2))
    val column = emptied(here.name).get
    here.write("w2", here.rows(5, window = 2).map(_ - column))
    val stricter = promising(here)(_.map { one =>
      if (one("name").str == column) ujson.Obj.from(one.obj.toSeq :+ ("required" -> ujson.True))
      else one
    })
    assert(stricter.run(here.over(3)).exit == 0)
    refused(consumer, here.over(3), 1, s"$column is empty")
  }

  /** The same consumer, that expects something else in its last column. */
  private def expecting(consumer: World, other: Column) = consumer.but { made =>
    val table = made.contract.tables("source")
    val source = table.copy(columns = table.columns.init :+ other)
    made.copy(contract = made.contract.copy(tables = made.contract.tables + ("source" -> source)))
  }

  /** The same world, whose silver has all rows twice. */
  private def doubling(here: World) = here.but(made =>
    made.copy(structure = made.structure.map(one => (gate: Gate) => one.steps(gate).map(twice)))
  )

  private def twice(step: Step) =
    if (step.table.name != "silver") step
    else
      step.copy(make = (rows, unit) => {
        val once = step.make(rows, unit)
        once.union(once)
      })

  /** A column that may be empty. */
  private def emptied(name: String) = {
    val world = World(name, java.nio.file.Path.of(""))
    world.columns.map(_.name).find(one => !world.needed(one))
  }
}
