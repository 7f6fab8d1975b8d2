package clicks
package sources

import java.nio.file.attribute.FileTime
import java.nio.file.{Files, Path}

import org.apache.spark.sql.SparkSession
import org.scalatest.funsuite.AnyFunSuite

/** The feed of files: stable in its order, and not to be fooled about contents. */
class FeedTest extends AnyFunSuite {
  private def feed(folder: Path) = {
    SparkSession.setActiveSession(Commands.spark) // its settings of file systems are the feed's
    FileFeed(s"$folder/*.csv")
  }

  private def write(folder: Path, name: String, text: String) =
    Files.writeString(folder.resolve(name), text)

  test("files come by name, and unfinished ones not at all") {
    Proofs.inFolder { folder =>
      Seq("b.csv", "a.csv", "c.csv", "_d.csv", ".e.csv", "f.csv.tmp").foreach(write(folder, _, "x"))
      assert(feed(folder).items(Map.empty).map(_.file) == Seq("a.csv", "b.csv", "c.csv"))
      assert(feed(folder).stamps().keySet == Set("a.csv", "b.csv", "c.csv"))
    }
  }

  test("other content of the same size and age is noticed") {
    Proofs.inFolder { folder =>
      val path = write(folder, "a.csv", "abc")
      val before = feed(folder).items(Map.empty).head
      val age = Files.getLastModifiedTime(path)
      write(folder, "a.csv", "cba")
      Files.setLastModifiedTime(path, FileTime.fromMillis(age.toMillis))
      val known = Map((before.file, before.stamp) -> before.content)
      assert(feed(folder).items(known).map(_.content) != Seq(before.content))
    }
  }

  test("content is called by the first half of its SHA-256, and not read again for a known stamp") {
    Proofs.inFolder { folder =>
      write(folder, "a.csv", "abc")
      val found = feed(folder).items(Map.empty).head
      assert(found.content == "ba7816bf8f01cfea414140de5dae2223")
      val known = Map((found.file, found.stamp) -> "remembered")
      assert(feed(folder).items(known).map(_.content) == Seq("remembered"))
    }
  }
}
