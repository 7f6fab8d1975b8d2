package flights

import java.nio.file.Files

import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration.DurationInt
import scala.concurrent.{Await, Future}
import scala.jdk.CollectionConverters._

import core._
import Worlds._

/** The loop, and what a person sees of it. */
class RunnerTest extends Proofs {
  private val each = having("FilesSource")

  proof("an error that is none of the data's ends the run, and the next one goes on", each) {
    here =>
      here.write("a", here.rows(5))
      for (error <- Seq(new OutOfMemoryError("heap"), new StackOverflowError, new LinkageError)) {
        val broken = here.from(Disturbed(_)(_ => throw error))
        val result = Await.result(Future(broken.run(here.over(1))), 3.minutes)
        assert(result.exit == 3 && result.log.contains(here.name), result.log)
      }
      assert(here.silver().isEmpty)
      assert(here.run(here.over(1)).exit == 0)
      assert(here.silver() == Cells.ordered(here.rows(5)))
  }

  test("what looks like a variable in a text of SQL is no such thing") {
    val text = "$" + "{env:PATH}"
    val query = s"SELECT ${Sql.literal(text)} FROM input"
    assert(Sql.over(query)(Commands.spark.range(1).toDF()).head().getString(0) == text)
  }

  test("executors of a cluster are in UTC, as the driver is") {
    val options = Commands.spark.conf.get("spark.executor.defaultJavaOptions")
    assert(options.contains("-Duser.timezone=UTC"))
  }

  proof("a warehouse that is an address, and no folder, is refused", having()) { here =>
    val elsewhere = here.copy(settings = Map("PIPELINE_WAREHOUSE" -> "s3://bucket/warehouse"))
    val result = elsewhere.command("plan", here.name)
    assert(result.exit == 2 && result.log.contains("warehouse is a folder"), result.log)
  }

  proof("a run says nothing but what it does", each) { here =>
    here.write("a", here.rows(5))
    val run = Seq("run", here.name, "--as-of", Times.text(here.over(1)), "--json")
    assert(Processes.run(here, run: _*) == 0)
    here.write("a", here.rows(5, version = 1))
    assert(Processes.run(here, run.updated(3, Times.text(here.over(2))): _*) == 0)
    val lines = Files.readAllLines(here.folder.resolve("process.log")).asScala.toSeq
    val progress = s"${here.name}: [0-9]+ of [0-9]+ units"
    val routes = """[-:T0-9]+: \{.*\}""" // of a conditional pipeline: its rows, by route
    val done = s"[-0-9]+ [:,0-9]+ INFO +($progress|$routes)"
    val others = lines.filterNot(line => line.matches(done) || line.startsWith("{"))
    assert(others.isEmpty)
  }
}
