package clicks

import java.lang.ProcessBuilder.Redirect
import java.lang.management.ManagementFactory
import java.nio.file.{Files, NoSuchFileException, Path, Paths}

import scala.jdk.CollectionConverters._
import scala.util.Using

/** Real processes of the project's command, which may be killed by SIGKILL.
  *
  * Killing a *first* run proves nothing, since a second one overwrites what it left: the proofs
  * kill a run that does units *again*, when their rows have changed.
  */
object Processes {

  /** Runs a command to its end; its exit code. */
  def run(world: World, arguments: String*): Int = start(world, arguments).waitFor()

  /** Runs a command and kills it as soon as it has done so many steps; false if it ended before. */
  def killed(world: World, steps: Int)(arguments: String*): Boolean =
    killed(world, arguments) {
      val before = world.steps()
      var seen = before
      () => { seen ++= world.steps(); (seen -- before).size >= steps }
    }

  /** Runs a command and kills it as soon as something is so; false if it ended before. */
  def killed(world: World, arguments: Seq[String])(now: () => Boolean): Boolean = {
    val running = during(world, arguments: _*) { process =>
      while (process.isAlive && !now()) Thread.sleep(1)
      process.isAlive
    }
    world.settle()
    running
  }

  /** After how many steps to kill: the telling ones, which begin with an early and a late one.
    *
    * The environment variable KILLS says how many, and more than those are any. Two are the least.
    */
  def points(steps: Int, telling: Seq[Int]): Seq[Int] = {
    val most = sys.env.get("KILLS").fold(telling.size)(_.toInt)
    (telling ++ (1 to steps)).distinct.take(most.max(2)).sorted
  }

  /** Does something while a command runs, which is killed if it has not ended by then. */
  def during[A](world: World, arguments: String*)(use: Process => A): A = {
    val process = start(world, arguments)
    try use(process)
    finally {
      process.destroyForcibly().waitFor()
      ()
    }
  }

  /** The files below a folder that count as steps: names of commits, which are never used again.
    *
    * Others come and go while one looks.
    */
  def filesIn(folder: Path): Set[Path] = {
    val found =
      try Using.resource(Files.newDirectoryStream(folder))(_.asScala.toSet)
      catch { case _: NoSuchFileException => Set.empty[Path] }
    found.flatMap { path =>
      if (Files.isDirectory(path)) filesIn(path)
      else Set(path).filter(_.getFileName.toString.matches("\\d+\\.json"))
    }
  }

  private def start(world: World, arguments: Seq[String]) = {
    val java = Paths.get(System.getProperty("java.home"), "bin", "java").toString
    val all = Seq(java) ++ options ++ Seq("-cp", System.getProperty("java.class.path"))
    val main = "clicks.Main"
    val process = new ProcessBuilder((all ++ (main +: arguments)).asJava)
    process.environment.putAll(world.environment.asJava)
    process.redirectErrorStream(true)
    val log = Files.createDirectories(world.folder).resolve("process.log")
    process.redirectOutput(Redirect.appendTo(log.toFile)).start()
  }

  /** This process's own, but for the zone, which is the machine's. */
  private def options = ManagementFactory.getRuntimeMXBean.getInputArguments.asScala.toSeq.filter {
    option => option.matches("(--add|-X|-D).*") && !option.startsWith("-Duser.timezone")
  }
}
