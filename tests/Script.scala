package script

import java.io.ByteArrayOutputStream
import java.nio.file.{Files, Path, Paths}
import java.nio.file.StandardCopyOption.{COPY_ATTRIBUTES, REPLACE_EXISTING}

import scala.jdk.CollectionConverters._
import scala.util.Using

import parity.Main

/** Commands of one project in one JVM, and copies of folders between them: what its owner does with
  * a process for each.
  *
  * A step is `["copy", from, to]`, or the arguments of a command.
  */
object Script {
  def main(arguments: Array[String]): Unit = {
    val steps = ujson.read(Files.readString(Paths.get(arguments(0)))).arr.toList
    val said = steps.map(_.arr.map(_.str).toList).flatMap {
      case List("copy", from, to) =>
        copy(Paths.get(from), Paths.get(to))
        None
      case words =>
        val out = new ByteArrayOutputStream
        val code = Console.withOut(out)(Main.parse(words).fold(2)(Main.run(_)))
        Some(ujson.Obj("code" -> code, "out" -> out.toString))
    }
    Files.writeString(Paths.get(arguments(1)), ujson.Arr.from(said).render())
    sys.exit(0)
  }

  private def copy(from: Path, to: Path): Unit = Using.resource(Files.walk(from)) {
    _.iterator.asScala.filter(Files.isRegularFile(_)).foreach { file =>
      val copied = to.resolve(from.relativize(file))
      Files.createDirectories(copied.getParent)
      Files.copy(file, copied, COPY_ATTRIBUTES, REPLACE_EXISTING)
    }
  }
}
