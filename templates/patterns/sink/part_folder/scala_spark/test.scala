package sinks

import java.nio.file.{Files, Path}

import scala.jdk.CollectionConverters._
import scala.util.Using

import PartWorlds._

/** The ledger of files: an attempt is there whole or not at all, and no two have one number. */
class PartFolderTest extends Proofs {
  proof("each attempt is one file that never changes", files) { here =>
    here.write("a", here.rows(3))
    here.run(here.over(1))
    val before = ledger(here).map(file => file -> Files.readString(file))
    here.write("b", here.rows(2, version = 1))
    here.command(redo(here): _*)
    assert(ledger(here).init.map(file => file -> Files.readString(file)) == before)
    val newest = ujson.read(Files.readString(ledger(here).last))
    assert(PartFolder.name(ledger(here).last) == f"${newest("number").num.toInt}%08d.json")
    assert(newest("entries").arr.map(_("status").str) == Seq("done"))
  }

  proof("a failed attempt is kept as well", files) { here =>
    here.write("a", here.rows(3))
    val failing = here.from(Disturbed(_)(_ => throw core.Failed("made to fail")))
    assert(failing.run(here.over(1)).exit == 1)
    val newest = ujson.read(Files.readString(ledger(here).last))
    assert(newest("entries").arr.map(_("status").str) == Seq("failed"))
    assert(here.status(here.over(1))("failed").arr.nonEmpty)
  }

  proof("who loses the race for a number publishes nothing", files) { here =>
    val old = before(here)
    race(here, step = 1)
    assert(here.content() == old)
    recovers(here)
  }

  proof("a race that is lost at the last moment is noticed", files) { here =>
    before(here)
    race(here, steps(here))
    recovers(here)
  }

  proof("what could not be put in place is put there by the next run", files) { here =>
    before(here)
    val never = here.copyTo("never")
    never.command(redo(never): _*)
    val refused = new Steps(steps(here) - 1)(throw new java.io.IOException("Permission denied"))
    assert(refused.of(here).command(redo(here): _*).exit == 3)
    open(here)
    assert(here.content() == never.content())
  }

  proof("plan and status touch nothing", files) { here =>
    here.write("a", here.rows(3))
    assert(here.command("plan", here.name).exit == 0)
    assert(here.command("status", here.name).exit == 0)
    assert(!Files.exists(here.folder.resolve("warehouse")))
  }

  proof("a folder that cannot be written is the environment's fault", files) { here =>
    Files.createDirectories(here.folder)
    val file = Files.writeString(here.folder.resolve("file"), "not a folder")
    val blocked = here.copy(settings = Map("PIPELINE_WAREHOUSE" -> file.resolve("in").toString))
    val result = blocked.run(here.over(1))
    assert(result.exit == 3)
    assert(result.log.contains("Not a directory"))
  }

  /** What is there before more is written. */
  private def before(here: World) = {
    here.write("a", here.rows(3))
    here.run(here.over(1))
    here.write("b", here.rows(2, version = 1))
    here.content()
  }

  /** Another run has the number first. */
  private def race(here: World, step: Int) = {
    val number = PartFolder.name(ledger(here).last).takeWhile(_.isDigit).toInt + 1
    val other = ledger(here).last.resolveSibling(f"$number%08d.json")
    val raced = new Steps(step)(Files.writeString(other, s"""{"number":$number}"""))
    val result = raced.of(here).command(redo(here): _*)
    assert(result.exit == 4)
    assert(result.log.contains("another run"))
  }

  private def recovers(here: World) = {
    val never = here.copyTo("never")
    Files
      .walk(never.folder.resolve("warehouse"))
      .iterator
      .asScala
      .toSeq
      .reverse
      .foreach(Files.delete)
    never.run(never.over(1))
    assert(here.command(redo(here): _*).exit == 0)
    assert(here.silver() == never.silver())
  }

  private def ledger(here: World): Seq[Path] = {
    val folder = here.folder.resolve("warehouse").resolve("ledger").resolve(here.name)
    Using.resource(Files.newDirectoryStream(folder, "*.json"))(_.asScala.toSeq.sorted)
  }
}
