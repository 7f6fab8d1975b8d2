package clicks
package sinks

import java.nio.file.Path

import core._
import PartWorlds._
import Worlds._

/** Parts: pieces that are small enough to be written again, and few enough. */
class PartsTest extends Proofs {
  proof("a unit leaves the files of others alone", files.filter(windowed().contains)) { here =>
    (0 to 2).foreach(window => here.write(s"w$window", here.rows(4, window)))
    here.run(here.over(3))
    val before = published(here)
    here.write("w1", here.rows(4, window = 1, version = 1))
    here.backfill(here.end(1), here.end(2))
    val (same, other) = published(here).toSeq.partition(before.toSet)
    assert(tables(same).count(_ == "silver") >= 2)
    assert(tables(other).count(_ == "silver") == 1)
    assert(tables(other).count(_ == "gold") == 1)
  }

  proof("what is replaced as a whole is one file", files) { here =>
    (0 to 2).foreach(window => here.write(s"w$window", here.rows(4, window)))
    here.run(here.over(3))
    val found = tables(published(here).toSeq)
    if (windowed().contains(here.name)) assert(found.count(_ == "silver") == 3)
    assert(found.count(_ == "gold") <= 2)
    if (having("FullSnapshot").contains(here.name))
      assert(found.count(_ == "silver") == 1 && found.count(_ == "gold") == 1)
  }

  test("the part of a row is its unit, or its day, or the month of a daily aggregate") {
    def of(columns: (String, String)*)(whole: Boolean = false) = {
      val table = Table("some", columns.map { case (name, kind) => Column(name, kind) })
      val row = columns.map {
        case (name, "TIMESTAMP") => s"TIMESTAMP_NTZ '2025-01-31 23:00:00' AS `$name`"
        case (name, "DATE")      => s"DATE '2025-01-31' AS `$name`"
        case (name, kind)        => s"CAST(7 AS $kind) AS `$name`"
      }
      val part = Parts.of(table, Some("at"), whole)
      Commands.spark.sql(s"SELECT $part FROM (SELECT ${row.mkString(", ")})").head().getString(0)
    }
    assert(of("at" -> "TIMESTAMP", "_unit" -> "TIMESTAMP")() == "2025-01-31-23-00-00")
    assert(of("at" -> "TIMESTAMP", "_unit" -> "BIGINT")() == "7")
    assert(of("at" -> "TIMESTAMP", "day" -> "BIGINT")() == "2025-01-31")
    assert(of("day" -> "DATE", "rows" -> "BIGINT")() == "2025-01")
    assert(of("day" -> "BIGINT")() == "all")
    assert(of("_unit" -> "TIMESTAMP")(whole = true) == "all")
  }

  /** Data files, each with what tells it from one that took its name. */
  private def published(here: World): Map[Path, String] =
    here.pipeline.steps
      .flatMap(s =>
        PartFolder.files(here.folder.resolve(s"warehouse/${here.name}/${s.table.name}"))
      )
      .filterNot(PartFolder.name(_).startsWith("0-"))
      .map(file => file -> java.nio.file.Files.getAttribute(file, "unix:ino").toString)
      .toMap

  private def tables(files: Seq[(Path, String)]) = files.map(_._1.getParent.getFileName.toString)
}
