package clicks
package sinks

import java.io.IOException
import java.lang.management.ManagementFactory.getRuntimeMXBean
import java.nio.file.{Files, Path}
import java.util.concurrent.atomic.{AtomicBoolean, AtomicInteger}

import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration.Duration.Inf
import scala.concurrent.{Await, Future}
import scala.jdk.CollectionConverters._
import scala.util.Using

import core._
import Worlds._

/** Someone who reads the files and has never heard of this project.
  *
  * Files without views are opened once each: Spark fails if one was replaced since it was listed.
  */
final case class Consumer(here: World) {
  private val folder = here.folder.resolve("warehouse").resolve(here.name)
  private val views = folder.resolve("views.sql")
  private val spark = Commands.spark.newSession()
  private val viewed = Files.exists(views)
  if (viewed) Files.readString(views).split(";\n").foreach(spark.sql)

  def apply(table: String): Seq[Row] = Cells.ordered {
    if (viewed) Cells.rows(spark.table(s"${here.name}.$table"))
    else
      Proofs.inFolder { taken =>
        PartFolder.files(folder.resolve(table)).foreach { file =>
          Files.copy(file, taken.resolve(file.getFileName))
        }
        Cells.rows(spark.read.parquet(taken.toString))
      }
  }
}

/** What a sink does to files, step by step, and something that happens before one of them. */
final class Steps(at: Int)(act: => Unit) {
  private val (count, named, placed) = (new AtomicInteger, new AtomicInteger, new AtomicInteger)

  /** How many there were. */
  def size: Int = count.get

  /** Whether it came to that step. */
  def reached: Boolean = size >= at

  def of(here: World): World = here.but { pipeline =>
    pipeline.sink match {
      case files: PartSink => pipeline.copy(sink = Stepped(files))
      case other           => fail(s"$other has no parts")
    }
  }

  private def fail(why: String) = throw new IllegalArgumentException(why)

  private def step(): Unit = if (count.incrementAndGet() == at) act

  private case class Stepped(sink: PartSink) extends PartSink with Overwritable {
    def layout(dataset: Dataset): Layout = StepByStep(sink.layout(dataset))
    override def begin(store: PartStore): Unit = sink.begin(store)
  }

  private case class StepByStep(layout: Layout) extends Layout {
    def folder: PartFolder = layout.folder
    def replaces: Boolean = layout.replaces
    def ready(write: Boolean): Unit = layout.ready(write)
    def files(table: String): Map[String, Path] = layout.files(table)

    def name(part: String, number: Int): String = {
      named.incrementAndGet()
      step()
      layout.name(part, number)
    }

    def place(part: Part): Unit = {
      step()
      layout.place(part)
      if (placed.incrementAndGet() == named.get) step() // all but the ledger is in place
    }
  }
}

/** Worlds whose rows lie in part files. */
object PartWorlds {
  val files: Seq[String] =
    Seq("Parquet", "DedupeKey").flatMap(having(_)).filter(rewriting.contains)

  /** Those that refuse a unit that is done. */
  val once: Seq[String] = having("FullSnapshot", "Once")

  /** The command that writes what was written once more. */
  def redo(here: World): Seq[String] =
    if (windowed().contains(here.name))
      here.backfilling(here.begin, here.end(1))
    else Seq("run", here.name, "--as-of", Times.text(here.over(2)))

  /** Opens the sink to write: that is when what was begun is finished, or dropped. */
  def open(here: World): Unit =
    here.pipeline.sink.open(here.pipeline, Commands.spark, write = true)(_ => ())

  /** What is left of an attempt that ended early. */
  def left(here: World): Seq[String] = {
    val aside = here.folder.resolve(s"warehouse/${here.name}/.tmp/next")
    if (!Files.exists(aside)) Nil
    else Using.resource(Files.list(aside))(_.iterator.asScala.map(PartFolder.name).toSeq)
  }

  /** How many steps it takes. */
  def steps(here: World): Int = {
    val all = new Steps(Int.MaxValue)(())
    assert(all.of(here.copyTo("counted")).command(redo(here): _*).exit == 0)
    all.size
  }

  /** Does it in a copy of a world, in which it ends just before a step. */
  def killedAt(here: World, step: Int): World = {
    val killed = here.copyTo(s"step $step")
    val end = new Steps(step)(throw EnvironmentFailure("killed")) // which nobody retries or records
    end.of(killed).command(redo(here): _*)
    assert(end.reached)
    killed
  }

  /** It ends when all is prepared, and one part is in place. */
  def killedHalfWay(here: World): World = killedAt(here, halfWay(steps(here)))

  /** As many steps prepare parts as place them. */
  def halfWay(steps: Int): Int = steps / 2 + 2
}

/** A process of its own, which is gone before one of its steps. */
object KilledProcess {
  def main(arguments: Array[String]): Unit = {
    val here = World(arguments(0), Path.of(arguments(1)))
    val killed = new Steps(arguments(2).toInt)(Runtime.getRuntime.halt(137))
    killed.of(here).command(PartWorlds.redo(here): _*)
    Runtime.getRuntime.halt(0)
  }

  def run(here: World, step: Int): Int = {
    val java = Path.of(System.getProperty("java.home"), "bin", "java").toString
    val options = getRuntimeMXBean.getInputArguments.asScala.filter(_.startsWith("-"))
    val main = Seq("-cp", System.getProperty("java.class.path"), getClass.getName.stripSuffix("$"))
    val words = (java +: options.toSeq) ++ main ++ Seq(here.name, here.folder.toString, s"$step")
    new ProcessBuilder(words: _*).inheritIO().start().waitFor()
  }
}

/** Part files: consumers see what was before or what comes after, whatever happens to a run. */
class PartFilesTest extends Proofs {
  import PartWorlds._

  proof("readers see every part once while it is written again and again", files) { here =>
    here.write("a", here.rows(7))
    here.run(here.over(1))
    val (tables, consume, over) = (Seq("silver", "gold"), Consumer(here), new AtomicBoolean)
    def now() = tables.map(table => table -> consume(table))
    val reader = Future(
      Iterator.continually(now().map(Option(_))).takeWhile(_ => !over.get).flatten.flatten.toVector
    )
    val right = now() ++ (1 to 4).flatMap { version =>
      here.write(s"b$version", here.rows(7, version = version))
      assert(here.again(version).exit == 0)
      now()
    }
    over.set(true)
    val seen = Await.result(reader, Inf)
    assert(seen.size > 4)
    assert(seen.filterNot(right.contains).isEmpty)
  }

  proof("a run that is killed is not half done", files) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val (before, seenBefore) = (here.content(), Consumer(here)("silver"))
    here.write("b", here.rows(3, version = 1))
    val never = here.copyTo("never")
    assert(never.command(redo(never): _*).exit == 0)
    val (after, seenAfter) = (never.content(), Consumer(never)("silver"))
    assert(before != after)
    var finished = Vector.empty[Boolean]
    val all = steps(here)
    val half = halfWay(all)
    for (step <- Processes.points(all, telling = Seq(2, half, half - 1, all))) {
      val killed = killedAt(here, step)
      withClue(s"killed before step $step: ") {
        val mixed = killed.content()
        assert(mixed.forall { case (name, rows) => Seq(before(name), after(name)).contains(rows) })
        assert(Seq(seenBefore, seenAfter).contains(Consumer(killed)("silver")))
        open(killed)
        assert(Seq(before, after).contains(killed.content()))
        assert(left(killed).isEmpty)
        finished :+= killed.content() == after
        val refused = finished.last && once.contains(here.name) // it is done, and told so
        assert(killed.command(redo(killed): _*).exit == (if (refused) 2 else 0))
        assert(killed.content() == after)
      }
    }
    assert(finished == finished.sorted)
    assert(finished.toSet == Set(false, true))
  }

  proof("a process that is killed is finished by the next one", written) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    here.write("b", here.rows(3, version = 1))
    val never = here.copyTo("never")
    assert(never.command(redo(never): _*).exit == 0)
    assert(KilledProcess.run(here, halfWay(steps(here))) == 137)
    assert(left(here).contains("pending"))
    assert(here.content() != never.content())
    open(here)
    assert(here.content() == never.content())
  }

  private def written = files.intersect(having("FilesSource")) // which another JVM finds by itself

  proof("a full disk leaves everything as it was", files) { here =>
    here.write("a", here.rows(5))
    here.run(here.over(1))
    val before = here.content()
    here.write("b", here.rows(3, version = 1))
    val full = new Steps(2)(throw new IOException("No space left on device")).of(here)
    val result = full.command(redo(here): _*)
    assert(result.exit == 3)
    assert(result.log.contains("No space left on device. Make room there, and run again"))
    assert(here.content() == before)
    assert(here.command(redo(here): _*).exit == 0)
    assert(here.content() != before)
  }

  proof("several writers take turns and readers never wait", files) { here =>
    here.write("a", here.rows(3))
    here.run(here.over(1))
    val before = here.content()
    FileLedger(here.folder.resolve("warehouse"), here.name).alone {
      val result = here.run(here.over(2))
      assert(result.exit == 4)
      assert(result.log.contains("another run"))
      assert(here.command("status", here.name).exit == 0)
      assert(here.command("plan", here.name).exit == 0)
      assert(here.content() == before)
    }
    assert(here.run(here.over(2)).exit == 0)
  }

  proof("a row outside of the slice wipes nothing", files.filter(windowed().contains)) { here =>
    here.write("a", here.rows(4))
    here.write("b", here.rows(4, window = 1))
    here.run(here.over(2))
    val silver = here.pipeline.steps.map(_.table).find(_.name == "silver").get
    here.pipeline.sink.open(here.pipeline, Commands.spark, write = true) { store =>
      store.transact(store.spark) { into =>
        val first = Rows.Where(s"_unit = ${Times.sql(here.begin)}")
        into.replace(silver, first, into.table("silver"))
        assert(into.table("silver").count() == 12) // four left, eight came
        Nil
      }
    }
    assert(here.table("silver").size == 12)
  }
}
