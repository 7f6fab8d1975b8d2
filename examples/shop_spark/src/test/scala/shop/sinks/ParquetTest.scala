package shop
package sinks

import java.nio.file.Files

import scala.jdk.CollectionConverters._
import scala.util.Using

import PartWorlds._
import Worlds._

/** Parquet: plain folders of files, for anyone's `*.parquet`. */
class ParquetTest extends Proofs {
  private val each = files.filter(having("Parquet").contains)

  proof("a glob reads what the pipeline reads", each) { here =>
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window = 1))
    here.run(here.over(2))
    for (table <- Seq("silver", "gold")) assert(Consumer(here)(table) == here.table(table))
    assert(here.silver() == Cells.ordered(here.rows(5) ++ here.rows(5, window = 1)))
  }

  proof(
    "an emptied part is a file without rows, so that nobody misses it",
    each.filter(windowed().intersect(mutable()).contains)
  ) { here =>
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window = 1))
    here.run(here.over(2))
    val before = PartFolder.files(place(here, "silver"))
    here.remove("a")
    assert(here.again(2).exit == 0)
    assert(PartFolder.files(place(here, "silver")) == before)
    assert(here.silver() == Cells.ordered(here.rows(5, window = 1)))
    assert(Consumer(here)("silver") == here.table("silver"))
    assert(here.again(2).exit == 0)
    if (Files.exists(place(here, "bronze"))) // promised to nobody, so that it is tidied
      assert(PartFolder.files(place(here, "bronze")).size == 1)
  }

  proof("no glob finds what a killed run left", each) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val known = named(here)
    here.write("b", here.rows(3, version = 1))
    val killed = killedHalfWay(here)
    assert(left(killed).nonEmpty)
    assert(named(killed).forall(!_.contains(".tmp")))
    assert(known.subsetOf(named(killed)))
  }

  proof("a folder that another kind of sink has written to is refused", each) { here =>
    here.write("a", here.rows(3))
    here.run(here.over(1))
    val ledger = here.folder.resolve(s"warehouse/ledger/${here.name}/00000002.json")
    val part = """{"table":"silver","part":"x","file":"00000002_0-x.parquet","rows":1}"""
    Files.writeString(ledger, s"""{"number":2,"entries":[],"parts":[$part]}""")
    val result = here.run(here.over(2))
    assert(result.exit == 2)
    assert(result.log.contains("another kind of sink"))
    assert(here.command("status", here.name).exit == 2)
  }

  private def place(here: World, table: String) =
    here.folder.resolve(s"warehouse/${here.name}/$table")

  /** All files that a glob finds, however deep they are. */
  private def named(here: World): Set[String] = {
    val root = here.folder.resolve("warehouse")
    Using.resource(Files.walk(root))(
      _.iterator.asScala.map(root.relativize(_).toString).filter(_.endsWith(".parquet")).toSet
    )
  }
}
