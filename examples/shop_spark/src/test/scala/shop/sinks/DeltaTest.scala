package shop
package sinks

import java.nio.file.Files
import java.time.Duration

import core._
import Worlds._

/** Delta: a unit shows whole or not at all, and what a killed run wrote is taken back. */
class DeltaTest extends Proofs {
  private val each = windowed("Delta", "Idempotent").intersect(mutable())

  proof("a row outside of its slice is refused by the write itself", each) { here =>
    fill(here)
    val before = here.content()
    val (silver, window) = (table(here, "silver"), s"_unit >= ${Times.sql(here.end(1))}")
    here.pipeline.sink.open(here.pipeline, Commands.spark, write = true) { store =>
      intercept[Exception](store.transact(Commands.spark) { into =>
        into.replace(silver, Rows.Where(window), into.table("silver"))
        Nil
      })
    }
    assert(here.content() == before)
  }

  proof("a unit that fails after it has written is taken back", each) { here =>
    fill(here)
    val before = here.content()
    here.write("a", here.rows(5, version = 1).drop(2))
    val failing = here.but(made => made.copy(structure = made.structure :+ FailsLast))
    assert(failing.backfill(here.begin, here.end(1)).exit == 1)
    assert(here.content() == before)
  }

  proof("what could not be taken back at once is, before more is written", each) { here =>
    fill(here)
    val before = here.content()
    val begun = here.folder.resolve(s"warehouse/ledger/${here.name}/.begun")
    val aside = begun.resolveSibling(".aside")
    here.pipeline.sink.open(here.pipeline, Commands.spark, write = true) { store =>
      intercept[Failed](store.transact(Commands.spark) { into =>
        into.append(table(here, "silver"), into.table("silver"))
        Files.move(begun, aside)
        throw Failed("made to")
      })
      Files.move(aside, begun)
      store.transact(Commands.spark)(_ => Nil)
    }
    assert(here.content() == before)
  }

  proof("while another run writes, a run stops and readers go on", each) { here =>
    fill(here)
    here.pipeline.sink.open(here.pipeline, Commands.spark, write = true) { _ =>
      assert(here.run(here.over(3)).exit == 4)
      assert(here.status(here.over(3))("failed").arr.isEmpty)
      assert(here.silver().size == 10)
    }
  }

  proof("a column of another type is refused until it is what is said", having("Delta")) { here =>
    val (old, wider) = (Odd("DECIMAL(9,2)"), Odd("DECIMAL(9,4)"))
    add(here, old, "1.23")
    val error = intercept[UsageError](add(here, wider, "1.2345"))
    assert(error.message.contains("odd.silver.n is DECIMAL(9,2) there and DECIMAL(9,4)"))
    Commands.spark.sparkContext.setLogLevel("ERROR") // Delta warns that it is another table
    Commands.spark.sql(error.message.replaceAll("(?s).*\\((CREATE .*)\\) and backfill.*", "$1"))
    Commands.spark.sparkContext.setLogLevel("WARN")
    add(here, wider, "1.2345")
    here.pipeline.sink.open(wider, Commands.spark, write = false) { store =>
      val found = store.table("silver").orderBy("n").collect().map(_.getDecimal(0).toString)
      assert(found.toSeq == Seq("1.2300", "1.2345"))
    }
  }

  proof("plan and status touch nothing", having("Delta")) { here =>
    here.write("a", here.rows(3))
    assert(here.command("plan", here.name).exit == 0)
    assert(here.command("status", here.name).exit == 0)
    assert(!Files.exists(here.folder.resolve("warehouse")))
  }

  proof("a folder that cannot be written is the environment's fault", having("Delta")) { here =>
    Files.createDirectories(here.folder)
    val file = Files.writeString(here.folder.resolve("file"), "not a folder")
    val blocked = here.copy(settings = Map("PIPELINE_WAREHOUSE" -> s"$file/warehouse"))
    val result = blocked.run(here.over(1))
    assert(result.exit == 3)
    assert(result.log.contains("Not a directory"))
  }

  proof("a redo that is killed shows the old rows or the new ones, and is taken back", each) {
    here =>
      fill(here)
      val before = here.content()
      here.write("a", here.rows(5, version = 1).drop(2)) // corrected, and two rows are gone
      val redo = here.backfilling(here.begin, here.end(2))
      val (warehouse, never) = (here.folder.resolve("warehouse"), here.copyTo("never"))
      assert(never.command(redo: _*).exit == 0)
      val after = never.content()
      val steps = files(never).size - Processes.filesIn(warehouse).size
      assert(before != after && steps > 2)
      Processes.points(steps, telling = Seq(1, steps - 1, steps)).foreach { step =>
        val killed = here.copyTo(s"killed-$step")
        Processes.killed(killed, step)(redo: _*)
        killed.content().foreach { case (name, rows) =>
          assert(rows == before(name) || rows == after(name), s"$name, killed at step $step")
        }
        assert(killed.run(here.over(2)).exit == 0)
        assert(Set(before, after)(killed.content()), s"killed at step $step")
        assert(killed.command(redo: _*).exit == 0)
        assert(killed.content() == after, s"killed at step $step")
      }
  }

  private def files(world: World) = Processes.filesIn(world.folder.resolve("warehouse"))

  private def fill(here: World): Unit = {
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window = 1))
    assert(here.run(here.over(2)).exit == 0)
  }

  private def add(here: World, dataset: Odd, value: String): Unit =
    here.pipeline.sink.open(dataset, Commands.spark, write = true) { store =>
      store.transact(Commands.spark) { into =>
        val rows = Commands.spark.sql(s"SELECT CAST('$value' AS ${dataset.kind}) AS n")
        into.append(dataset.table("silver"), rows)
        Nil
      }
      ()
    }

  private def table(here: World, name: String) =
    here.pipeline.steps.map(_.table).find(_.name == name).get
}

/** A table of one column. */
final private case class Odd(kind: String) extends Dataset {
  def name: String = "odd"
  def contract: Contract = Contract("", tables.map(one => one.name -> one).toMap, Duration.ZERO)
  def eventTime: Option[String] = None
  def tables: Seq[Table] = Seq(Table("silver", Seq(Column("n", kind))))
}

/** A structure with a table that can't be made. */
private object FailsLast extends Structure {
  def steps(gate: Gate): Seq[Step] = Seq(
    Step(gate.quarantine.copy(name = "last"), Step.Batch, _.raw, (_, _) => throw Failed("made to"))
  )
}
