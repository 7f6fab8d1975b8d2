package flights

import java.nio.file.{Files, Path}

import scala.jdk.CollectionConverters._
import scala.util.Using

import org.scalatest.funsuite.AnyFunSuite

/** Sentences about pipelines. A proof that fits no pipeline of this project is none. */
trait Proofs extends AnyFunSuite {

  /** One test for each of the pipelines, in an empty world. */
  def proof(sentence: String, pipelines: Seq[String])(body: World => Any): Unit =
    Proofs
      .some(pipelines)
      .foreach(name =>
        test(s"$sentence ($name)")(Proofs.inFolder { folder =>
          body(World(name, folder.resolve("world")))
        })
      )
}

object Proofs {

  /** All of them; or one, where the environment variable PROOFS is there: the first that it names,
    * with commas between them, or else the first of all.
    */
  private def some(pipelines: Seq[String]): Seq[String] =
    sys.env.get("PROOFS").fold(pipelines) { names =>
      names.split(',').find(pipelines.contains(_)).orElse(pipelines.headOption).toSeq
    }

  /** Lends a folder that is gone afterwards. */
  def inFolder[A](use: Path => A): A = {
    val folder = Files.createTempDirectory("proof")
    try use(folder)
    finally {
      Servers.drop(folder)
      Using.resource(Files.walk(folder))(_.iterator.asScala.toSeq.reverse.foreach(Files.delete(_)))
    }
  }
}
