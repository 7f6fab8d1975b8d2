package shop
package sinks

import java.nio.file.Files

import scala.jdk.CollectionConverters._
import scala.util.Using

import org.apache.spark.sql.functions.col

import core._
import PartWorlds._
import Worlds._

/** Part files as they are written: the same rows in the same order, and nothing else. */
class PartWriterTest extends Proofs {
  proof("a rerun writes the same rows in the same order", files) { here =>
    here.write("a", here.rows(9))
    here.run(here.over(1))
    val before = promised(here)
    here.again(1)
    assert(promised(here) == before)
  }

  proof("rows lie in an order of their own, in whichever they come", windows) { here =>
    here.write("a", here.rows(9))
    here.run(here.over(1))
    val before = promised(here)
    val silver = here.pipeline.steps.map(_.table).find(_.name == "silver").get
    here.pipeline.sink.open(here.pipeline, Commands.spark, write = true) { store =>
      store.transact(store.spark) { into =>
        val turned = into.table("silver").orderBy(silver.names.map(col(_).desc): _*)
        into.replace(silver, Rows.Where(s"_unit = ${Times.sql(here.begin)}"), turned)
        Nil
      }
    }
    assert(promised(here) == before)
  }

  proof("beside data there are a ledger and views, and nothing of Spark's", files) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    here.again(1)
    val names = Using.resource(Files.walk(here.folder.resolve("warehouse"))) { found =>
      found.iterator.asScala.filter(Files.isRegularFile(_)).map(PartFolder.name).toSeq
    }
    val known = Seq("""[^._].*\.parquet""", """\d{8}\.json""", """\.lock""", """views\.sql""")
    assert(
      names.filterNot(name => known.exists(name.matches)).filterNot(_.endsWith(".tmp")).isEmpty
    )
    assert(!names.exists(_.startsWith("part-")))
  }

  private def windows = files.filter(windowed().contains)

  /** Rows by file, in the order in which they lie there; an append log has each once more. */
  private def promised(here: World) =
    Seq("silver", "gold")
      .flatMap(name => PartFolder.files(here.folder.resolve(s"warehouse/${here.name}/$name")))
      .map(file => Commands.spark.read.parquet(file.toString).collect().toSeq)
      .toSet
}
