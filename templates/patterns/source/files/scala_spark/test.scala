package sources

import java.nio.charset.Charset
import java.nio.charset.StandardCharsets.{ISO_8859_1, UTF_8}
import java.nio.file.Files
import java.nio.file.StandardOpenOption.APPEND
import java.nio.file.attribute.FileTime
import java.time.{Duration, LocalDateTime}

import scala.jdk.CollectionConverters._
import scala.util.Using

import org.apache.hadoop.fs.{Path => HadoopPath}
import org.apache.parquet.example.data.simple.SimpleGroup
import org.apache.parquet.hadoop.example.ExampleParquetWriter
import org.apache.parquet.hadoop.util.HadoopOutputFile
import org.apache.parquet.schema.MessageTypeParser
import org.apache.spark.sql.execution.FileSourceScanExec
import org.apache.spark.sql.functions.col

import core._
import Worlds._

/** Files: what is read of a folder, and what happens when the files change. */
class FilesTest extends Proofs {
  private val each = having("FilesSource")
  private val snapshots = having("FullSnapshot", "FilesSource")
  private lazy val hadoop = Commands.spark.sparkContext.hadoopConfiguration

  private def format(here: World) =
    field(here.pipeline.source, "format").collect { case one: Format => one }.get

  proof("files that are being written are not read", each) { here =>
    val path = here.write("a", here.rows(4).drop(3))
    val half = Files.readAllBytes(path).dropRight(8)
    Seq(s"_b.${here.files.suffix}", s".c.${here.files.suffix}", s"d.${here.files.suffix}.tmp")
      .foreach(unfinished => Files.write(path.resolveSibling(unfinished), half))
    here.write("a", here.rows(3))
    assert(here.run(here.over(1)).exit == 0)
    assert(here.silver() == Cells.ordered(here.rows(3)))
  }

  proof("a file is read by its name, whatever letters that has", each) { here =>
    val names = Seq("a[1]", "a1", "b *", "b c", "c{d,e}?", "f\\\\*", "g%20h#i")
    here.rows(names.size).zip(names).foreach { case (row, name) => here.write(name, Seq(row)) }
    val result = here.run(here.over(1))
    assert(result.exit == 0, result.log)
    assert(here.silver() == Cells.ordered(here.rows(names.size)))
  }

  proof("a name with a colon, which Hadoop cannot read, is refused", each) { here =>
    here.write("j:k", here.rows(3))
    val result = here.run(here.over(1))
    assert(result.exit == 1 && result.log.contains("with a colon in its name"), result.log)
  }

  proof("a folder without files is not ready rather than empty", each) { here =>
    val path = here.write("a", here.rows(3))
    here.run(here.over(1))
    Files.delete(path)
    assert(here.run(here.over(2)).exit == 4)
    assert(here.silver() == Cells.ordered(here.rows(3)))
  }

  proof("a file that changes while it is read is not written", windowed("FilesSource")) { here =>
    val path = here.write("a", here.rows(3))
    def touch(request: Request): Unit = Files.setLastModifiedTime(path, FileTime.fromMillis(0))
    val growing = here.from(Disturbed(_)(touch)).but(_.copy(behaviour = Unaided))
    val result = growing.run(here.over(1))
    assert(result.exit == 1 && result.log.contains("changed while it was read"))
    assert(here.silver().isEmpty)
  }

  proof("a file that is cut off is not taken for a whole one", each) { here =>
    val path = here.write("a", here.rows(5))
    val whole = Files.readAllBytes(path)
    val wide = field(format(here), "encoding").exists(_.toString.startsWith("utf-16"))
    val letter = if (wide) 4 else 2
    val line = whole.lastIndexOf('\n'.toByte, whole.length - 5)
    val half = if (here.files.suffix == "parquet") whole.length - 9 else line + letter
    Files.write(path, whole.take(half))
    val result = here.but(_.copy(behaviour = Unaided)).run(here.over(1))
    if (here.files.suffix != "csv" || here.columns.size > 1) { // its only cell may be that short
      assert(result.exit == 1 && result.log.contains("ends in the middle"), result.log)
      assert(here.silver().isEmpty && here.table("quarantine").isEmpty)
    }
    Files.write(path, whole)
    assert(here.run(here.over(2)).exit == 0)
  }

  proof("a removed column stops the unit before anything is written", each) { here =>
    here.write("a", here.rows(3))
    here.run(here.over(1))
    val before = here.content()
    here.write("b", here.rows(3, window = 1), here.columns.init)
    val result = here.run(here.over(2))
    assert(result.exit == 1 && result.log.contains(here.columns.last.source))
    assert(here.content() == before)
  }

  proof("an added column is reported and left out", each) { here =>
    val added = here.columns :+ Column("brand_new", "BIGINT", "brand_new")
    here.write("a", here.rows(3).map(_ + ("brand_new" -> 1L)), added)
    val result = here.run(here.over(1))
    assert(result.exit == 0 && result.log.contains("brand_new"))
    assert(here.silver() == Cells.ordered(here.rows(3)))
  }

  proof("the machine's time zone makes no difference", windowed("FilesSource")) { here =>
    here.write("a", here.rows(9))
    val there = here.copyTo("elsewhere").copy(settings = Map("TZ" -> "America/New_York"))
    assert(here.run(here.over(1)).exit == 0)
    val asOf = Times.text(here.over(1))
    assert(Processes.run(there, "run", here.name, "--as-of", asOf) == 0)
    assert(here.content() == there.content())
  }

  proof("lines end with CRLF or LF, and one that is no text goes to quarantine", having("Csv")) {
    here =>
      def told(name: String) = field(format(here), name).get
      if (Seq("quote", "encoding", "header").map(told) == Seq[Any]("\"", "utf-8", true)) {
        val mixed = "a,b\r\n1,x\n\r\n2,y\r\n3,\r\n4,\"y\r\nz\"\r\n5\r\n"
        val cells = Seq(Seq("1", "x"), Seq("2", "y"), Seq("3"), Seq("4", "y\r\nz"), Seq("5\r"))
        val rows = cells.map(Seq("a", "b").zip(_).toMap[String, Any])
        val split = Map("_problem" -> "not a CSV line", "_line" -> "5")
        assert(scanned(here, mixed, "a", "b")(UTF_8) == rows.init :+ (rows.last ++ split))
        val alone = scanned(here, "a\r\n1\r\n\r\n2\n", "a")(UTF_8)
        assert(alone == Seq(Map("a" -> "1"), Map("a" -> "2")))
        val marked = scanned(here, "#a,b\n#1,x\n", "#a", "b")(UTF_8)
        assert(marked == Seq(Map("#a" -> "#1", "b" -> "x")))
        val latin = scanned(here, "a,b\n1,caf\u00e9\n2,y\n", "a", "b")(ISO_8859_1)
        assert(latin.map(_.get("_problem")) == Seq(Some("not a line of text"), None))
        val refused = intercept[Failed](scanned(here, "a,b\r1,x\r2,y\r", "a", "b")(UTF_8))
        assert(refused.message.contains("with CR alone"))
      }
  }

  proof("a quote that is not closed in its line publishes no other", having("Csv")) { here =>
    def told(name: String) = field(format(here), name).get
    if (Seq("quote", "encoding", "header").map(told) == Seq[Any]("\"", "utf-8", true)) {
      val (never, late) = ("a,b\n1,x\n2,\"Smith\n3,y\n", "a,b\n1,x\n2,\"Smith\n3,\"Jones\"\n4,z\n")
      Seq(never, late).foreach { text =>
        val refused = intercept[Failed](scanned(here, text, "a", "b")(UTF_8))
        assert(refused.message.contains("a cell of line 3 takes in the lines below it"))
      }
      intercept[Transient](scanned(here, "a,b\n1,x\n2,\"Smi\nth", "a", "b")(UTF_8))
      val good = scanned(here, "a,b\n1,\"x \"\"y\"\"\nz\" \n2,5\" x\n", "a", "b")(UTF_8)
      assert(good.map(_("b")) == Seq("x \"y\"\nz", "5\" x"))
    }
  }

  proof("lines that are no objects go to quarantine as they are", having("JsonLines")) { here =>
    val path = here.write("a", here.rows(3))
    val broken = Seq("{\"half\": ", "[1, 2]", "caf\u00e9")
    Files.writeString(path, broken.mkString("\n\n", "\n \n", "\n"), APPEND)
    assert(here.run(here.over(1)).exit == 0)
    assert(here.silver() == Cells.ordered(here.rows(3)))
    if (windowed().contains(here.name)) // they are in no window, but not forgotten
      assert(here.status(here.over(1))("undated").num == 3)
    else {
      val quarantined = here.table("quarantine").map(row => row("content") -> row("reason"))
      assert(quarantined.map(_._1).toSet == broken.toSet)
      assert(quarantined.forall(_._2.toString.startsWith("not a JSON object")))
    }
  }

  proof("a value that a line does not have is missing", having("JsonLines")) { here =>
    val rows = here.rows(3)
    val bare = rows.head.view.filterKeys(here.needed).toMap
    val path = here.write("a", rows)
    val lines = Files.readAllLines(path).asScala.toSeq
    val cells = ujson.read(lines.head).obj
    val needed = here.columns.filter(column => bare.contains(column.name)).map(_.source)
    val shorter = ujson.Obj.from(needed.map(source => source -> cells(source))).render()
    Files.write(path, (shorter +: lines.tail).asJava)
    assert(here.run(here.over(1)).exit == 0)
    assert(here.silver() == Cells.ordered(bare +: rows.tail))
  }

  proof("a nested value is text, and a number has all of its digits", having("JsonLines")) { here =>
    val numbers = Seq("12345678901234567890.10", "-0.0", "1e5")
    val texts = Seq("{\"a\":[1,null]}", "caf\u00e9", "true") ++ numbers
    val path = here.folder.resolve("some.jsonl")
    val line = (texts.updated(1, "\"caf\u00e9\"") :+ "null").zipWithIndex
    val cells = line.map { case (value, n) => s"\"c$n\": $value" }
    Files.createDirectories(here.folder)
    Files.writeString(path, cells.mkString("{", ", ", "}\n"))
    val columns = line.indices.map(n => Column(s"c$n", "STRING", s"c$n"))
    val files = FileListing(path.toString).files(hadoop)
    val read = format(here).scan(Commands.spark, files, columns).head()
    assert(columns.indices.map(n => Option(read.getString(n))) == texts.map(Some(_)) :+ None)
  }

  proof("a column of another type stops the unit", having("ParquetFiles")) { here =>
    here.write("a", here.rows(3))
    here.run(here.over(1))
    val before = here.content()
    val last = here.columns.last
    val other = last.copy(kind = if (last.kind == "STRING") "BIGINT" else "STRING")
    val rows = here.rows(3, window = 1).map(_ + (last.name -> Cells.value(other, 1)))
    here.write("b", rows, here.columns.init :+ other)
    val result = here.run(here.over(2))
    assert(result.exit == 1 && result.log.contains("retyped at the source"))
    assert(here.content() == before)
  }

  proof(
    "a file with a broken page fails, and is no fault of the machine's",
    having("ParquetFiles")
  ) { here =>
    val path = here.write("a", here.rows(9))
    val bytes = Files.readAllBytes(path)
    (45 until 60).foreach(n => bytes(n) = -1)
    Files.write(path, bytes)
    val result = here.but(_.copy(behaviour = Unaided)).run(here.over(1))
    assert(result.exit == 1 && result.log.contains("a.parquet"), result.log)
  }

  proof(
    "a time in nanoseconds is read to the microsecond, and one of a moment is in UTC",
    having("ParquetFiles")
  ) { here =>
    val kinds = Seq("false" -> "at", "true" -> "zoned")
    val fields = kinds.map { case (utc, name) => s"optional int64 $name (TIMESTAMP(NANOS,$utc));" }
    val schema = MessageTypeParser.parseMessageType(s"message nanos {${fields.mkString}}")
    val path = here.folder.resolve("some.parquet")
    val file = HadoopOutputFile.fromPath(new HadoopPath(path.toUri), hadoop)
    Using.resource(ExampleParquetWriter.builder(file).withType(schema).build()) { writer =>
      val moment = 1751371200123456789L
      writer.write(new SimpleGroup(schema).append("at", moment).append("zoned", moment))
      writer.write(new SimpleGroup(schema))
    }
    val columns = kinds.map { case (_, name) => Column(name, "TIMESTAMP", name) }
    def scan(columns: Seq[Column]) = {
      val rows =
        format(here).scan(Commands.spark, FileListing(path.toString).files(hadoop), columns)
      Cells.rows(rows.select(columns.map(column => col(column.name)): _*))
    }
    val moment = LocalDateTime.parse("2025-07-01T12:00:00.123456")
    assert(scan(columns) == Seq(Map("at" -> moment, "zoned" -> moment), Map.empty))
    val refused = intercept[Failed](scan(Seq(Column("at", "BIGINT", "at"))))
    assert(refused.getMessage.contains("at is TIMESTAMP_NTZ, not BIGINT"))
    val contract = Contract("", Map("source" -> Table("source", columns)), Duration.ZERO)
    def first(time: String) = {
      val files = FilesSource(path.toString, format(here), Some(EventTime(time, "Europe/London")))
      val request = Request("CAST(NULL AS TIMESTAMP)", Wanted.Everything)
      val rows = files.read(Commands.spark, request, contract).rows
      rows.selectExpr("min(_event_time)").head().get(0)
    }
    assert(columns.map(column => first(column.name)) == Seq(moment.minusHours(1), moment))
  }

  proof("a window is read by a filter that reaches into the files", windowed("ParquetFiles")) {
    here =>
      here.write("a", here.rows(3) ++ here.rows(3, window = 5))
      val rows = firstWindow(here)
      assert(rows.collect().length == 3)
      val scans = rows.queryExecution.executedPlan.collect { case scan: FileSourceScanExec => scan }
      val pushed = scans.map(_.metadata("PushedFilters"))
      assert(pushed.nonEmpty)
      pushed.foreach(filters => assert(filters.matches(".*GreaterThanOrEqual.*LessThan.*")))
  }

  proof("a file that tells that it has no row of a window is left out", windowed("ParquetFiles")) {
    here =>
      val far = Iterator.from(1).find(here.end(_).isAfter(here.over(1).plusDays(2))).get
      here.write("near", here.rows(3))
      here.write("far", here.rows(3, window = far))
      here.write("both", here.rows(1, window = far) ++ here.rows(1))
      val rows = firstWindow(here)
      assert(rows.count() == 4)
      assert(rows.inputFiles.map(_.split("/").last).toSet == Set("near.parquet", "both.parquet"))
  }

  proof("without event time a snapshot is as old as its read", snapshots) { world =>
    val here = world.from { case it: FilesSource => it.copy(when = None); case other => other }
    here.write("a", here.rows(5))
    assert(!here.status(here.over(1))("fresh").bool, "there is none yet")
    here.run(here.over(1))
    val old = here.over(1).plus(here.pipeline.contract.freshness)
    assert(here.status(old)("fresh").bool)
    assert(!here.status(old.plusSeconds(1))("fresh").bool)
  }

  proof("all files together are the snapshot, or the newest alone", snapshots) { world =>
    val (old, now) = (world.rows(6), world.rows(5, window = 1))
    Seq(Take.AllMatching -> (old ++ now), Take.Newest -> now).foreach { case (take, expected) =>
      val here = world.copy(folder = world.folder.resolve(take.toString)).from {
        case it: FilesSource => it.copy(take = take)
        case other           => other
      }
      Seq("a" -> now, "b" -> old).zipWithIndex.foreach { case ((file, rows), age) =>
        Files.setLastModifiedTime(here.write(file, rows), FileTime.fromMillis(1e12.toLong - age))
      }
      assert(here.run(here.over(1)).exit == 0)
      assert(here.silver() == Cells.ordered(expected))
    }
  }

  /** The rows of a text with commas. */
  private def scanned(here: World, text: String, names: String*)(charset: Charset) = {
    val path = here.folder.resolve("some.csv")
    Files.createDirectories(here.folder)
    val delimiter = field(format(here), "delimiter").get.toString
    Files.write(path, text.replace(",", delimiter).getBytes(charset))
    val columns = names.map(name => Column(name, "STRING", name))
    val files = FileListing(path.toString).files(hadoop)
    Cells.rows(format(here).scan(Commands.spark, files, columns).drop("_file", "_row"))
  }

  private def firstWindow(here: World) = {
    val window = here.pipeline.extraction.plan(here.over(1), History.empty).head.unit
    val request = here.pipeline.extraction.request(Seq(window))
    here.pipeline.source.read(Commands.spark, request, here.pipeline.contract).rows
  }
}
