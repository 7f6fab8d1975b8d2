package sources

import java.nio.file.Files
import java.nio.file.StandardOpenOption.APPEND

import core._
import Worlds._

/** Files: what is read of a folder, and what happens when the files change. */
class FilesTest extends Proofs {
  private val each = having("FilesSource")

  proof("files that are being written are not read", each) { here =>
    val path = here.write("a", here.rows(4).drop(3))
    Seq(s"_b.${here.files.suffix}", s".c.${here.files.suffix}", s"d.${here.files.suffix}.tmp")
      .foreach(unfinished => Files.copy(path, path.resolveSibling(unfinished)))
    here.write("a", here.rows(3))
    assert(here.run(here.over(1)).exit == 0)
    assert(here.silver() == Cells.ordered(here.rows(3)))
  }

  proof("a folder without files is not ready rather than empty", each) { here =>
    val path = here.write("a", here.rows(3))
    here.run(here.over(1))
    Files.delete(path)
    assert(here.run(here.over(2)).exit == 4)
    assert(here.silver() == Cells.ordered(here.rows(3)))
  }

  proof("a file that changes while it is read is not written", windowed("FilesSource")) { here =>
    val path = here.write("a", here.rows(3))
    def touch(request: Request): Unit = Files.write(path, Array[Byte]('\n'), APPEND)
    val growing = here.from(Disturbed(_)(touch)).but(_.copy(behaviour = Unaided))
    val result = growing.run(here.over(1))
    assert(result.exit == 1 && result.log.contains("changed while it was read"))
    assert(here.silver().isEmpty)
  }

  proof("a removed column stops the unit before anything is written", each) { here =>
    here.write("a", here.rows(3))
    here.run(here.over(1))
    val before = here.content()
    here.write("b", here.rows(3, window = 1), here.columns.init)
    val result = here.run(here.over(2))
    assert(result.exit == 1 && result.log.contains(here.columns.last.source))
    assert(here.content() == before)
  }

  proof("an added column is reported and left out", each) { here =>
    val added = here.columns :+ Column("brand_new", "BIGINT", "brand_new")
    here.write("a", here.rows(3).map(_ + ("brand_new" -> 1L)), added)
    val result = here.run(here.over(1))
    assert(result.exit == 0 && result.log.contains("brand_new"))
    assert(here.silver() == Cells.ordered(here.rows(3)))
  }

  proof("the machine's time zone makes no difference", windowed("FilesSource")) { here =>
    here.write("a", here.rows(9))
    val there = here.copyTo("elsewhere").copy(settings = Map("TZ" -> "America/New_York"))
    assert(here.run(here.over(1)).exit == 0)
    val asOf = Times.text(here.over(1))
    assert(Processes.run(there, "run", here.name, "--as-of", asOf) == 0)
    assert(here.content() == there.content())
  }
}
