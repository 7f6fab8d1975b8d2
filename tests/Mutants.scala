package mutants

import java.io.File.pathSeparator
import java.net.{URL, URLClassLoader}
import java.nio.file.{Files, Path, Paths}

import scala.jdk.CollectionConverters._
import scala.tools.nsc.{Global, Settings}
import scala.tools.nsc.reporters.StoreReporter
import scala.util.Using

import org.apache.spark.sql.SparkSession
import org.scalatest.{Args, Reporter, Suite}
import org.scalatest.events.{Event, TestFailed}

/** Runs proofs of a compiled project: as it is, and then each of them without its mechanism.
  *
  * One JVM serves all. What was changed is compiled alone and comes first in a class loader of its
  * own, in which Spark begins anew, so that its tasks have the changed classes as well.
  */
object Mutants {
  def main(arguments: Array[String]): Unit = {
    val asked = ujson.read(Files.readString(Paths.get(arguments(0))))
    val project = new Project(asked("package").str, Paths.get(asked("tests").str))
    val mutants = asked("mutants").arr.toSeq.map { one =>
      val titles = one("pipelines").arr.toSeq.map(name => s"${one("fails").str} (${name.str})")
      Mutant(one("fails").str +: titles, Paths.get(one("source").str))
    }
    val found = project.judge(mutants).map(_.fold[ujson.Value](ujson.Null)(ujson.Str(_)))
    Files.writeString(Paths.get(arguments(1)), ujson.Arr.from(found).render())
    sys.exit(0) // whatever threads a broken one has left
  }
}

/** A changed source, and what the proof that must notice may be called, the best name first. */
final case class Mutant(titles: Seq[String], source: Path)

/** A test of a suite, whose class is in the file of its name. */
final case class Proof(suite: String, title: String)

/** A project that is compiled: its package, and the folder of its tests' sources. */
final class Project(name: String, tests: Path) {
  private val path = System.getProperty("java.class.path")

  /** What is wrong with each of them, or with its proof; nothing if the proof notices it. */
  def judge(mutants: Seq[Mutant]): Seq[Option[String]] = {
    val whole = new Loaded(Nil)
    val known = proofs(whole)
    val named = mutants.map(one => one.titles.flatMap(known.get).headOption)
    val broken = named.flatten.distinct.flatMap(one => whole.fails(one).map(one -> _)).toMap
    stop()
    mutants.zip(named).map {
      case (_, None)                                  => Some("there is no such proof")
      case (_, Some(proof)) if broken.contains(proof) =>
        Some(s"fails with it, too: ${broken(proof)}")
      case (mutant, Some(proof)) => judge(mutant, proof)
    }
  }

  private def judge(mutant: Mutant, proof: Proof): Option[String] = {
    val classes = Files.createDirectories(mutant.source.resolveSibling("classes"))
    val suite = tests.resolve(s"${proof.suite.replace('.', '/')}.scala") // some ask the compiler
    val errors = compile(Seq(mutant.source, suite), classes)
    if (errors.nonEmpty) Some(s"does not compile: ${errors.mkString("; ")}")
    else {
      val began = System.nanoTime
      val failed = new Loaded(Seq(classes)).fails(proof)
      stop()
      println(s"${(System.nanoTime - began) / 1000000000} s ${proof.title}: $failed")
      failed match {
        case None                           => Some(s"no failure of: ${proof.title}")
        case Some(error) if unlinked(error) => Some(s"cannot be linked: $error")
        case _                              => None
      }
    }
  }

  private def proofs(in: Loaded): Map[String, Proof] = {
    val files = Using.resource(Files.walk(tests))(_.iterator.asScala.map(tests.relativize).toSeq)
    val suites = files.map(_.toString).filter(_.endsWith("Test.scala")).sorted
    suites
      .map(_.stripSuffix(".scala").replace('/', '.'))
      .flatMap(suite => in.suite(suite).testNames.map(title => title -> Proof(suite, title)))
      .toMap
  }

  /** The classes of the project, changed ones first; Spark and all else are shared. */
  final private class Loaded(changed: Seq[Path])
      extends URLClassLoader(
        (changed ++ path.split(pathSeparator).map(Paths.get(_))).map(_.toUri.toURL).toArray[URL],
        classOf[Project].getClassLoader
      ) {
    override def loadClass(wanted: String, resolve: Boolean): Class[_] =
      if (!wanted.startsWith(s"$name.")) super.loadClass(wanted, resolve)
      else
        getClassLoadingLock(wanted).synchronized {
          Option(findLoadedClass(wanted)).getOrElse(findClass(wanted))
        }

    def suite(name: String): Suite =
      loadClass(name).getDeclaredConstructor().newInstance().asInstanceOf[Suite]

    /** Why a proof fails, if it does. Processes that it starts have the same classes. */
    def fails(proof: Proof): Option[Throwable] = {
      System.setProperty("java.class.path", (changed :+ path).mkString(pathSeparator))
      Thread.currentThread.setContextClassLoader(this)
      var failed = Option.empty[Throwable]
      val reporter: Reporter = (event: Event) =>
        event match {
          case one: TestFailed => failed = one.throwable.orElse(Some(new Exception(one.message)))
          case _               => ()
        }
      suite(proof.suite).run(Some(proof.title), Args(reporter))
      failed
    }
  }

  private def stop(): Unit = SparkSession.getDefaultSession.foreach(_.stop())

  private def unlinked(error: Throwable) =
    Iterator.iterate(error)(_.getCause).takeWhile(_ != null).exists(_.isInstanceOf[LinkageError])

  private def compile(sources: Seq[Path], into: Path): Seq[String] = {
    val settings = new Settings
    settings.classpath.value = path
    settings.outputDirs.setSingleOutput(into.toString)
    val reporter = new StoreReporter(settings)
    val global = new Global(settings, reporter)
    new global.Run().compile(sources.map(_.toString).toList)
    reporter.infos.toSeq.filter(_.severity == reporter.ERROR).map(_.msg)
  }
}
