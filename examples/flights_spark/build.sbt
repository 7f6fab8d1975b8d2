val spark = "4.2.0" // the newest that has a release for Scala, for Python and of Delta

// Spark reaches into these packages of Java 17; spark-submit adds them by itself.
val opened = Seq(
  "java.base/java.lang",
  "java.base/java.lang.invoke",
  "java.base/java.lang.reflect",
  "java.base/java.io",
  "java.base/java.net",
  "java.base/java.nio",
  "java.base/java.util",
  "java.base/java.util.concurrent",
  "java.base/java.util.concurrent.atomic",
  "java.base/jdk.internal.ref",
  "java.base/sun.nio.ch",
  "java.base/sun.nio.cs",
  "java.base/sun.security.action",
  "java.base/sun.util.calendar",
  "java.security.jgss/sun.security.krb5"
).map(name => s"--add-opens=$name=ALL-UNNAMED")

// Tests do little with Spark, so what counts is how soon it is ready, not how fast it gets. Java's
// first compiler has room for 48 MB of code by itself: Spark's is thrown away and made again.
val light = Seq("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=256m")
val small = light ++ Seq(
  "master" -> "local[2]",
  "driver.host" -> "127.0.0.1",
  "driver.bindAddress" -> "127.0.0.1",
  "sql.shuffle.partitions" -> "1",
  "sql.adaptive.enabled" -> "false",
  "sql.codegen.wholeStage" -> "false",
  "sql.codegen.factoryMode" -> "NO_CODEGEN",
  "hadoop.fs.file.impl" -> "flights.LocalFiles",
  "databricks.delta.snapshotPartitions" -> "1"
).map { case (key, value) => s"-Dspark.$key=$value" }

lazy val root = (project in file("."))
  .settings(
    name := "flights",
    version := "0.1.0",
    scalaVersion := "2.13.18", // Spark's own patch: another one cannot read what Spark serializes
    scalacOptions ++= Seq("-release", "17", "-encoding", "utf8"),
    scalacOptions ++= Seq("-deprecation", "-feature", "-unchecked", "-Xlint", "-Werror"),
    libraryDependencies ++= Seq(
      "com.github.scopt" %% "scopt" % "4.1.0",
      "com.lihaoyi" %% "upickle" % "4.3.2",
      "dev.failsafe" % "failsafe" % "3.3.2",
      "io.delta" %% "delta-spark_4.2" % "4.4.0",
      "org.apache.spark" %% "spark-sql" % spark % Provided,
      "org.scalatest" %% "scalatest-funsuite" % "3.2.20" % Test,
      "org.snakeyaml" % "snakeyaml-engine" % "2.10"
    ),
    fork := true,
    outputStrategy := Some(StdoutOutput),
    connectInput := true,
    javaOptions ++= opened ++ Seq("-Duser.timezone=UTC", "-Xmx2g"),
    Compile / mainClass := Some("flights.Main"),
    Compile / run := Defaults
      .runTask(Compile / fullClasspath, Compile / run / mainClass, Compile / run / runner)
      .evaluated, // with Spark, which is `Provided` only for the assembly
    Test / parallelExecution := false, // all suites share one Spark session
    Test / javaOptions ++= small,
    assembly / assemblyJarName := "flights.jar",
    assembly / assemblyMergeStrategy := {
      case path if path.startsWith("META-INF/services/") => MergeStrategy.concat // data sources
      case path if path.endsWith("module-info.class")    => MergeStrategy.discard
      case path => (assembly / assemblyMergeStrategy).value(path)
    }
  )
