package bank

import java.nio.file.{Files, Path}
import java.time.{Duration, LocalDate, LocalDateTime}

import scala.jdk.CollectionConverters._
import scala.util.Using

import core._

/** How a command ended: its exit code, the facts that it printed, its log. */
final case class Result(exit: Int, facts: ujson.Obj, log: String)

/** One pipeline with a source and a sink in a folder of its own: data made from its contract, and
  * the project's real commands.
  *
  * `settings` are more variables of its environment; `change` gives the pipeline other parts.
  */
final case class World(
    name: String,
    folder: Path,
    settings: Map[String, String] = Map.empty,
    change: Pipeline[Sink] => Pipeline[Sink] = Limits.of
) {
  lazy val environment: Map[String, String] = Map(
    "PIPELINE_WAREHOUSE" -> folder.resolve("warehouse").toString
  ) ++ data.settings ++ servers.flatMap(_.settings(folder)) ++ settings

  private lazy val servers = Servers.of(name)

  /** Its parts; that they fit the sink was proved where they are wired. */
  lazy val pipeline: Pipeline[Sink] =
    change(Pipelines.all(name)(Settings.load(environment)).asInstanceOf[Pipeline[Sink]])

  /** The columns that the source has to deliver. */
  def columns: Seq[Column] = pipeline.contract.source

  /** The column of event time. */
  def when: Option[String] = pipeline.source.eventTime

  /** The columns that identify a row; there may be none. */
  def key: Seq[String] = pipeline.contract.tables("silver").key

  // Data

  /** The first event time that the pipeline reads. */
  def begin: LocalDateTime =
    limit[LocalDateTime]("since").getOrElse(LocalDate.of(2025, 1, 1).atStartOfDay)

  /** The length of a window; a day where there are none. */
  def length: Duration = limit[Duration]("every").getOrElse(Duration.ofDays(1))

  /** When so many windows have ended. */
  def end(windows: Int = 1): LocalDateTime = begin.plus(length.multipliedBy(windows.toLong))

  /** When so many windows are over, and their rows are due. */
  def over(windows: Int = 1): LocalDateTime =
    end(windows).plus(limit[Duration]("grace").getOrElse(Duration.ZERO))

  /** Rows of one window, with keys that no other window has. */
  def rows(count: Int, window: Int = 0, version: Int = 0): Seq[Row] = {
    val apart = length.dividedBy(count + 1L)
    Seq.tabulate(count) { n =>
      val at = end(window).plus(apart.multipliedBy(n.toLong))
      row(1000 * window + n, at.truncatedTo(files.finest), version)
    }
  }

  /** A row whose key follows from `number` (and `at`), all else from `version` as well. */
  def row(number: Int, at: LocalDateTime, version: Int = 0): Row =
    columns.map { column =>
      val cell =
        if (when.contains(column.name)) if (column.kind == "DATE") at.toLocalDate else at
        else Cells.value(column, number * 10 + (if (column.identifies) 0 else version))
      column.name -> cell
    }.toMap

  /** Writes rows as the source spells them, which appear all at once; gives the file, if the source
    * has files.
    */
  def write(file: String, rows: Seq[Row], columns: Seq[Column] = columns): Path = {
    data.write(file, rows, columns)
    folder.resolve(s"data/$file.${files.suffix}")
  }

  /** Takes away what was written by this name. */
  def remove(file: String): Unit = data.remove(file)

  /** Where the source's data are. */
  lazy val data: SourceData = SourceData.of(name, folder)

  /** How the source spells rows. */
  lazy val files: SourceFiles = SourceFiles(Pipelines.all(name)(Settings.load()))

  // Commands

  /** Runs one of the project's commands, with its output as facts. */
  def command(arguments: String*): Result =
    Commands.run(arguments :+ "--json", environment, Map(name -> (_ => pipeline)))

  /** `run` at a time. */
  def run(asOf: LocalDateTime): Result = command("run", name, "--as-of", Times.text(asOf))

  /** The units that `plan` shows, with the reason for each, in order. */
  def plan(asOf: LocalDateTime): Seq[(String, String)] = {
    val facts = command("plan", name, "--as-of", Times.text(asOf)).facts
    facts("due").obj.toSeq.map { case (unit, why) => unit -> why.str }
  }

  /** `backfill` of a range, when its windows are over. */
  def backfill(start: LocalDateTime, end: LocalDateTime, options: String*): Result =
    command(backfilling(start, end) ++ options: _*)

  /** The words of such a command. */
  def backfilling(start: LocalDateTime, end: LocalDateTime): Seq[String] = {
    val later = end.plus(length).plus(limit[Duration]("grace").getOrElse(Duration.ZERO))
    Seq("backfill", name) ++ Seq(start, end).map(Times.text) ++ Seq("--as-of", Times.text(later))
  }

  /** Does again what was done, in the way of the extraction. */
  def again(windows: Int): Result =
    if (limit[Duration]("every").isDefined) backfill(begin, end(windows))
    else run(over(windows + 1))

  /** The facts of `status`. */
  def status(asOf: LocalDateTime): ujson.Obj =
    command("status", name, "--as-of", Times.text(asOf)).facts

  // What is published

  /** All rows of a table; columns that are empty are not in them. */
  def table(table: String): Seq[Row] =
    Cells.ordered(pipeline.sink.open(pipeline, Commands.spark, write = false) { store =>
      Cells.rows(store.table(table))
    })

  /** All tables, value by value; but for `_row`, which is an order and no content. */
  def content(): Map[String, Seq[Row]] = pipeline.steps
    .map(step => step.table.name -> Cells.ordered(table(step.table.name).map(_ - "_row")))
    .toMap

  /** The clean rows without their lineage, to compare with rows that were written. */
  def silver(): Seq[Row] =
    Cells.ordered(table("silver").map(_.view.filterKeys(columns.map(_.name).toSet).toMap))

  /** What has happened in the sink: names of which each stands for one step of a run. */
  def steps(): Set[String] =
    Processes.filesIn(folder.resolve("warehouse")).map(_.toString) ++
      servers.flatMap(_.steps(folder))

  /** Waits until servers noticed that a run was killed. */
  def settle(): Unit = servers.foreach(_.settle(folder))

  // Other worlds

  /** The same world once more, to let something else happen in it. */
  def copyTo(place: String): World = {
    val other = folder.resolveSibling(place)
    Files.createDirectories(folder)
    Using.resource(Files.walk(folder))(_.iterator.asScala.foreach { path =>
      Files.copy(path, other.resolve(folder.relativize(path)))
    })
    servers.foreach(_.copy(folder, other))
    copy(folder = other)
  }

  /** The same world with other parts in its pipeline. */
  def but(change: Pipeline[Sink] => Pipeline[Sink]): World =
    copy(change = this.change.andThen(change))

  /** The same world with another source. */
  def from(source: Source => Source): World = but(made => made.copy(source = source(made.source)))

  /** The same world with another extraction. */
  def extracting(change: PartialFunction[Extraction, Extraction]): World =
    but(made => made.copy(extraction = change(made.extraction)))

  /** The same world with another behaviour. */
  def behaving(change: PartialFunction[Behaviour, Behaviour]): World =
    but(made => made.copy(behaviour = change(made.behaviour)))

  // How data goes wrong

  /** The columns that have to have a value. */
  def needed: Set[String] =
    columns.filter(column => column.required || when.contains(column.name)).map(_.name).toSet

  /** The column that `spoil` empties. */
  def spoiled: String = (needed -- when).toSeq.minBy(columns.map(_.name).indexOf(_))

  /** The same rows, each breaking the contract: a required value is missing. */
  def spoil(rows: Seq[Row]): Seq[Row] = rows.map(_ - spoiled)

  private def limit[A](name: String): Option[A] =
    Worlds.field(pipeline.extraction, name).map(_.asInstanceOf[A])
}
