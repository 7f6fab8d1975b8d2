package shop

import java.io.{ByteArrayOutputStream, PrintStream}

import org.apache.spark.sql.SparkSession

import core._

/** The project's command line in this process. All suites share one session, which never stops, and
  * has what every sink needs.
  */
object Commands {
  val spark: SparkSession = {
    val sinks = Pipelines.all.values.map(_(Settings.load()).sink)
    Engine.session("shop", sinks.flatMap(_.needed).toMap)
  }

  /** Runs a command as `Main` does, and keeps what it says. */
  def run(
      arguments: Seq[String],
      environment: Map[String, String],
      pipelines: Map[String, Settings => Pipeline[_ <: Sink]]
  ): Result = {
    SparkSession.setActiveSession(spark) // it has what every sink needs
    val (out, log) = (new ByteArrayOutputStream, new ByteArrayOutputStream)
    val exit = Console.withOut(out)(logged(new PrintStream(log)) {
      Main.parse(arguments).fold(2)(Main.run(_, pipelines, environment))
    })
    val facts = out.toString.linesIterator.toSeq.lastOption.fold(ujson.Obj()) { line =>
      ujson.Obj.from(ujson.read(line).obj)
    }
    Result(exit, facts, log.toString)
  }

  private def logged[A](log: PrintStream)(work: => A): A = {
    val usual = System.err
    System.setErr(log)
    try Console.withErr(log)(work)
    finally System.setErr(usual)
  }
}
