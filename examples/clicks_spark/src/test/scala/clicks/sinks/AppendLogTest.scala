package clicks
package sinks

import java.nio.file.{Files, Path}

import scala.jdk.CollectionConverters._
import scala.util.Using

import core._
import PartWorlds._
import Worlds._

/** Append log: files are added, and that is all. */
class AppendLogTest extends Proofs {
  private val each = files.filter(having("DedupeKey").contains)

  proof("nothing that was published is changed or deleted", each) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val first = published(here)
    here.write("b", here.rows(3, version = 1))
    here.command(redo(here): _*)
    val second = published(here)
    assert(first.toSet.subsetOf(second.toSet))
    assert(first.size < second.size)
    here.write("c", here.rows(5, version = 2))
    if (mutable().contains(here.name)) here.remove("a")
    here.command(redo(here): _*)
    assert(second.toSet.subsetOf(published(here).toSet))
  }

  proof("what a killed run left stays and does not count", each) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val (before, content) = (published(here), here.content())
    here.write("b", here.rows(3, version = 1))
    val killed = killedAt(here, steps(here)) // just before the last table
    val prepared = published(killed)
    assert(before.toSet.subsetOf(prepared.toSet))
    assert(before.size < prepared.size) // there already, and named by no ledger file
    val consume = Consumer(killed)
    for (table <- Seq("silver", "gold")) assert(consume(table) == killed.table(table))
    assert(killed.content() == content)
    open(killed)
    assert(prepared.toSet.subsetOf(published(killed).toSet))
  }

  proof("without versions it refuses to replace rows", each) { here =>
    val plain = here.but { pipeline =>
      pipeline.copy(sink = field(pipeline.sink, "sink").get.asInstanceOf[Sink])
    }
    plain.write("a", plain.rows(5))
    val result = plain.run(plain.over(1))
    assert(result.exit == 2)
    assert(result.log.contains("only adds rows"))
    assert(plain.content().values.forall(_.isEmpty))
  }

  test("it is no sink whose rows can be replaced") {
    assertTypeError("implicitly[AppendLog <:< Overwritable]")
  }

  /** All files of tables and ledger, by their place in the sink, with their content. */
  private def published(here: World): Map[Path, Seq[Byte]] = {
    val root = here.folder.resolve("warehouse")
    Using.resource(Files.walk(root)) { found =>
      val files = found.iterator.asScala.filter(_.toString.matches(""".*\.(parquet|json)"""))
      files.map(file => root.relativize(file) -> Files.readAllBytes(file).toSeq).toMap
    }
  }
}
