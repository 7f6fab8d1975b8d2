package flights

import java.time.{LocalDate, LocalDateTime, ZoneOffset}
import java.util.concurrent.{CountDownLatch, TimeUnit}

import scala.util.Try

import org.apache.spark.sql.SparkSession
import org.slf4j.LoggerFactory
import scopt.{OParser, Read}
import sun.misc.Signal

import core._

/** What was asked for on the command line. */
final case class Command(
    what: String = "",
    pipeline: Option[String] = None,
    asOf: Option[LocalDateTime] = None,
    start: LocalDateTime = LocalDateTime.MIN,
    end: LocalDateTime = LocalDateTime.MAX,
    how: How = How(),
    follow: Option[Double] = None,
    json: Boolean = false
) {
  def now: LocalDateTime = asOf.getOrElse(LocalDateTime.now(ZoneOffset.UTC))
}

/** The commands: run, plan, backfill, status. core/Errors.scala explains the exit codes. */
object Main {
  private val log = LoggerFactory.getLogger("flights")
  private val stop = new CountDownLatch(1) // open once SIGTERM came: no unit is begun any more

  def main(arguments: Array[String]): Unit = {
    val code = parse(arguments.toSeq).fold(2)(run(_))
    System.out.flush()
    sys.exit(code)
  }

  /** Runs a command; the answer is its exit code. */
  def run(
      command: Command,
      pipelines: Map[String, Settings => Pipeline[_ <: Sink]] = Pipelines.all,
      environment: Map[String, String] = sys.env
  ): Int =
    try {
      val settings = Settings.load(environment)
      Logs.as(settings.logFormat)
      val made = chosen(command, pipelines).map { case (name, make) => name -> Try(make(settings)) }
      val needed = made.flatMap(_._2.toOption).flatMap(_.sink.needed).toMap
      val spark = Engine.session("flights", needed)
      follow(command)(made.map { case (name, each) => one(command, name, spark, each) }.max)
    } catch {
      case error: Throwable =>
        val known = Engine.explained(error)
        System.err.println(s"error: ${known.getMessage}")
        known.exitCode
    }

  private def chosen[A](command: Command, pipelines: Map[String, A]): Seq[(String, A)] =
    command.pipeline.fold(pipelines.toSeq) { name =>
      val all = pipelines.keys.mkString(", ")
      Seq(name -> pipelines.getOrElse(name, throw UsageError(s"no pipeline $name: there are $all")))
    }

  /** Does it once, or again and again until SIGTERM. */
  private def follow(command: Command)(once: => Int): Int = command.follow match {
    case None          => once
    case Some(seconds) =>
      Signal.handle(new Signal("TERM"), _ => stop.countDown())
      var code = once
      while (!stop.await((seconds * 1000).toLong, TimeUnit.MILLISECONDS)) code = once
      code
  }

  /** One pipeline; if it fails, the next one goes on. */
  private def one(
      command: Command,
      name: String,
      spark: SparkSession,
      pipeline: Try[Pipeline[_ <: Sink]]
  ) =
    try {
      val made = pipeline.get
      val write = command.what == "run" || command.what == "backfill"
      val facts = made.sink.open(made, spark, write)(store => work(command, made, store))
      val code = facts.value.remove("exit").fold(0)(_.num.toInt)
      show(ujson.Obj.from(("pipeline" -> ujson.Str(name)) +: facts.value.toSeq), command.json)
      code
    } catch {
      case error: Throwable => // also what no Future or Try would catch, as an error of memory
        val known = Engine.explained(error)
        log.error(s"$name: ${known.getMessage}")
        known.exitCode
    }

  private def work(command: Command, pipeline: Pipeline[_], store: Store): ujson.Obj =
    command.what match {
      case "status"   => PipelineStatus.of(pipeline, store, command.now)
      case "backfill" =>
        val history = Runner.known(pipeline, store)
        val due = pipeline.extraction.again(command.start, command.end, command.now, history)
        if (due.isEmpty)
          throw UsageError(
            s"there is no unit in [${command.start}, ${command.end}), or it is not over yet"
          )
        report(pipeline, store, Runner.run(pipeline, store, due, command.how), due.size, 0)
      case planOrRun =>
        val (due, left) = Runner.plan(pipeline, command.now, Runner.known(pipeline, store))
        if (planOrRun == "run")
          report(pipeline, store, Runner.run(pipeline, store, due), due.size, left)
        else {
          val units = due.map(one => one.unit.key -> ujson.Str(one.why.name))
          ujson.Obj("due" -> ujson.Obj.from(units), "left" -> left)
        }
    }

  private def report(
      pipeline: Pipeline[_],
      store: Store,
      chunks: Iterator[Seq[Entry]],
      due: Int,
      left: Int
  ) = {
    var ended = Vector.empty[Entry]
    while (stop.getCount > 0 && chunks.hasNext) {
      ended ++= chunks.next()
      log.info(s"${pipeline.name}: ${ended.size} of $due units")
    }
    val failed = ended.filter(_.error.nonEmpty).map(_.unit)
    val parked = Runner.known(pipeline, store).units(Status.Parked)
    ujson.Obj(
      "done" -> (ended.size - failed.size),
      "rows" -> ended.map(_.rows).sum.toDouble,
      "rejected" -> ended.map(_.rejected).sum.toDouble,
      "failed" -> failed,
      "parked" -> parked,
      "left" -> (left + due - ended.size),
      "exit" -> (if (failed.nonEmpty || parked.nonEmpty) 1 else 0)
    )
  }

  private def show(facts: ujson.Obj, json: Boolean): Unit =
    if (json) println(facts.render())
    else facts.value.foreach { case (key, value) => println(f"$key%12s  ${value.render()}") }

  /** The command that arguments ask for; None if they were wrong, or asked for help only. */
  def parse(arguments: Seq[String]): Option[Command] = OParser.parse(syntax, arguments, Command())

  implicit private val moment: Read[LocalDateTime] = Read.reads { text =>
    Try(LocalDate.parse(text).atStartOfDay).getOrElse(LocalDateTime.parse(text))
  }

  private val syntax = {
    val build = OParser.builder[Command]
    import build._
    def command(name: String, why: String) =
      cmd(name).text(why).action((_, c) => c.copy(what = name))
    val name = arg[String]("[PIPELINE]").optional().action((x, c) => c.copy(pipeline = Some(x)))
    val asOf = opt[LocalDateTime]("as-of")
      .action((x, c) => c.copy(asOf = Some(x)))
      .text("Stands in for the clock (UTC).")
    val json = opt[Unit]("json").action((_, c) => c.copy(json = true)).text("Print facts as JSON.")
    val follow = opt[Double]("follow")
      .valueName("SECONDS")
      .action((x, c) => c.copy(follow = Some(x)))
      .text("Run again and again, until SIGTERM.")
    OParser.sequence(
      programName("flights"),
      head("Run this project's pipelines. All times are UTC."),
      help('h', "help"),
      command("run", "Do everything that is due, the oldest gaps first.")
        .children(name, asOf, follow, json),
      command("plan", "Show what `run` would do, and why; touches nothing.")
        .children(name, asOf, json),
      command("backfill", "Do the units of [START, END) again, whether done, failed or parked.")
        .children(
          arg[String]("PIPELINE").action((x, c) => c.copy(pipeline = Some(x))),
          arg[LocalDateTime]("START").action((x, c) => c.copy(start = x)),
          arg[LocalDateTime]("END").action((x, c) => c.copy(end = x)),
          opt[Int]("jobs")
            .action((x, c) => c.copy(how = c.how.copy(jobs = x)))
            .text("Chunks at the same time.")
            .validate(n => if (n > 0) success else failure("--jobs must be at least 1")),
          opt[Unit]("rebuild")
            .action((_, c) => c.copy(how = c.how.copy(rebuild = true)))
            .text("From the raw rows that are kept, not the source."),
          asOf,
          json
        ),
      command(
        "status",
        "Show last success, failures, what is due, late and quarantined rows, and freshness."
      ).children(name, asOf, json),
      checkConfig(c =>
        if (c.what.isEmpty) failure("name a command: run, plan, backfill or status") else success
      )
    )
  }
}
