package patterns

import java.nio.file.Files

import core._
import Worlds._

/** A world with rules of its own, and what became of its rows. */
object Routed {
  def setting(here: World, name: String): String =
    s"PIPELINE_PIPELINES__${here.name.toUpperCase}__ROUTING__${name.toUpperCase}"

  /** The same world with other rules, and a setting `wanted`. FIRST stands for the first route. */
  def by(here: World, rules: String, wanted: Int = 1): World = {
    val first = Sql.literal(tables(here).head.stripPrefix("silver_"))
    val cases = rules.replace("FIRST", first)
    val sql = s"SELECT input.*, CASE $cases END AS _route FROM input CROSS JOIN settings"
    here
      .copy(settings = here.settings + (setting(here, "wanted") -> wanted.toString))
      .but(made => made.copy(structure = made.structure.map(ruled(_, sql))))
  }

  private def ruled(structure: Structure, sql: String) = structure match {
    case Conditional(_, remainder) => Conditional(sql, remainder)
    case other                     => other
  }

  /** The routed tables, the remainder last. */
  def tables(here: World): Seq[String] =
    here.pipeline.steps.map(_.table.name).filter(_.startsWith("silver_"))

  /** How many rows each route has, the remainder last. */
  def sizes(here: World): Seq[Int] = tables(here).map(here.table(_).size)

  /** What the ledger knows of each unit that is done. */
  def details(here: World): Seq[Map[String, ujson.Value]] =
    here.pipeline.sink.open(here.pipeline, Commands.spark, write = false) { store =>
      store.history().done.values.map(_.detail).toSeq
    }
}

/** Conditional: each clean row goes to exactly one table, by rules that are decided at run time. */
class ConditionalTest extends Proofs {
  import Routed._

  private val each = having("Conditional")
  private val wanted = "WHEN settings.wanted = 1 THEN FIRST"

  proof("each row goes to exactly one table", each) { here =>
    here.write("a", here.rows(40))
    here.write("b", here.rows(40, window = 1))
    assert(here.run(here.over(2)).exit == 0)
    val found = tables(here).flatMap(here.table)
    assert(found.size == 80)
    assert(Cells.ordered(found) == here.table("silver"))
  }

  proof("the first rule that is true wins", each) { world =>
    val here = by(world, "WHEN true THEN FIRST WHEN true THEN 'rest'")
    here.write("a", here.rows(5))
    assert(here.run(here.over(1)).exit == 0)
    assert(sizes(here).head == 5 && sizes(here).sum == 5)
  }

  Seq("WHEN false THEN FIRST", "WHEN true THEN 'never declared'").foreach { rules =>
    proof(s"what no rule takes goes to the remainder: $rules", each) { world =>
      val here = by(world, rules)
      here.write("a", here.rows(5))
      assert(here.run(here.over(1)).exit == 0)
      assert(sizes(here).last == 5 && sizes(here).sum == 5)
    }
  }

  proof("a setting decides at run time", each) { world =>
    val here = by(world, wanted)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    assert(sizes(here).head == 5)
    here.write("b", here.rows(4, window = 1))
    assert(by(here, wanted, wanted = 0).run(here.over(2)).exit == 0)
    assert(sizes(here).last >= 4)
  }

  proof("the settings come from conf and the environment", each) { here =>
    val values = settings(here)
    val key = values.keys.head
    val other = here.copy(settings = Map(setting(here, key) -> "7"))
    assert(settings(other) == values + (key -> ujson.Num(7)))
  }

  proof("each decision is logged and counted for its unit", each) { world =>
    val here = by(world, wanted)
    here.write("a", here.rows(5))
    here.write("b", here.rows(3, window = 1))
    val result = here.run(here.over(2))
    val (first, names) = (tables(here).head, tables(here).toSet)
    val counted = details(here).map(_("routes").obj)
    assert(counted.forall(_.keySet == names))
    assert(counted.map(_(first).num).sum == 8)
    if (counted.size == 2) assert(counted.map(_(first).num).toSet == Set(3.0, 5.0))
    assert(result.log.contains(first))
    assert(details(here).forall(_("settings")("wanted").num == 1))
  }

  proof("a corrected row leaves the table that it went to before", corrected) { world =>
    val here = by(world, "WHEN _file LIKE 'a%' THEN FIRST")
    val path = here.write("a", here.rows(5))
    here.run(here.over(1))
    assert(sizes(here).head == 5)
    here.write("b", here.rows(5, version = 1))
    Files.delete(path)
    assert(here.again(1).exit == 0)
    assert(sizes(here).head == 0 && sizes(here).last == 5)
  }

  test("what decides a unit fits the sinks that its way of writing does") {
    assertCompiles(
      "(writing: Writing[Overwritable]) => Decided(writing, Map.empty): Writing[Overwritable]"
    )
    assertTypeError(
      "(writing: Writing[Overwritable]) => Decided(writing, Map.empty): Writing[Sink]"
    )
  }

  private def settings(here: World) = here.pipeline.writing match {
    case writing: Deciding[Sink] => writing.settings(WorkUnit(Offsets(0, 1)), History.empty)
    case other                   => fail(s"$other decides nothing")
  }

  private def corrected =
    having("Conditional", "FilesSource").filter(rewriting.toSet).filter(Worlds.keyed)
}
