package clicks
package sources

import java.nio.file.{Files, Path}

import org.scalatest.funsuite.AnyFunSuite

/** The files that match a glob, by names that do not depend on where the folder is. */
class FileListingTest extends AnyFunSuite {
  test(
    "a glob finds the files of its folders, by name, and none that are hidden or being written"
  ) {
    Proofs.inFolder { folder =>
      val wanted = Seq("2025/01/a.csv", "2025/02/b c.csv")
      val hidden = Seq(".snapshot/01/a.csv", "2025/.01/a.csv")
      val others = Seq("2025/a.csv", "2025/01/_a.csv", "2025/01/.a.csv", "2025/01/a.csv.tmp")
      (wanted ++ others ++ hidden).foreach(make(folder, _))
      assert(names(s"$folder/*/*/*.csv") == wanted)
      assert(names(s"$folder/.snapshot/01/*.csv") == Seq("a.csv"), "who names it means it")
    }
  }

  test("two stars are any number of folders, and none") {
    Proofs.inFolder { folder =>
      Seq("a.csv", "b/c/d.csv", "b/c/d.txt").foreach(make(folder, _))
      assert(names(s"$folder/**/*.csv") == Seq("a.csv", "b/c/d.csv"))
    }
  }

  test("a file whose content changes has another stamp") {
    Proofs.inFolder { folder =>
      val path = make(folder, "a.csv")
      val before = FileListing(s"$folder/*.csv").files(hadoop)
      val time = Files.getLastModifiedTime(path)
      Files.writeString(path, "other")
      Files.setLastModifiedTime(path, time)
      assert(FileListing(s"$folder/*.csv").files(hadoop).map(_.stamp) != before.map(_.stamp))
    }
  }

  test("a folder that is not there has no files") {
    assert(names("nowhere/at/all/*.csv").isEmpty)
  }

  private def names(glob: String) = FileListing(glob).files(hadoop).map(_.name)

  private def hadoop = Commands.spark.sparkContext.hadoopConfiguration

  private def make(folder: Path, name: String) = {
    Files.createDirectories(folder.resolve(name).getParent)
    Files.writeString(folder.resolve(name), "empty")
  }
}
