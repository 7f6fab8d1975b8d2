"""Spark, set up so that the same data gives the same rows on every machine, and asked in SQL alone."""

import logging
import os
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession

from .errors import MEND, EnvironmentFailure, PipelineError, Transient, UsageError, refused
from .needed import NEEDED

Options = Mapping[str, str]  # settings of Spark
MISSING = (AnalysisException,)  # no such table, no such column
FAILURES = (PySparkException, Py4JError, PipelineError, OSError)  # what `explained` explains
FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # times are in UTC, and have no zone
    "spark.sql.legacy.parquet.nanosAsLong": "true",  # Spark refuses a file with them else
    "spark.sql.artifact.isolation.enabled": "false",  # else a session looks for its own classes
    "spark.sql.variable.substitute": "false",  # a text with ${...} in it is that text
    "spark.sql.constraintPropagation.enabled": "false",  # minutes for a filter on many columns
    "spark.ui.enabled": "false",
    "spark.executor.defaultJavaOptions": "-Duser.timezone=UTC",  # in which JDBC reads times
}
NO_JAVA = (
    "Spark needs Java 17 (or 21), and {}. Install one (Debian: apt install openjdk-17-jdk-headless; "
    "macOS: brew install openjdk@17), or set JAVA_HOME to the folder of one that is there"
)
starting = threading.Lock()
logging.getLogger("py4j").setLevel(logging.WARNING)  # it tells of each thread that ends


@dataclass(frozen=True, slots=True)
class Rows:
    """What a statement gives, as a cursor of any database would hand it out."""

    frame: DataFrame

    @property
    def description(self) -> Sequence[tuple[str]]:
        """The names of its columns."""
        return [(name,) for name in self.frame.columns]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows. Times are naive, and in UTC."""
        return [tuple(row) for row in self.frame.collect()]


@dataclass
class Connection:
    """A session of Spark, in the shape of a connection to a database. Its views are its own.

    Spark starts when it is asked for the first time: that takes seconds, and not all commands do.
    """

    settings: Options
    session: SparkSession | None = field(default=None, repr=False)

    @cached_property
    def spark(self) -> SparkSession:
        """The session itself, for sources that are not SQL."""
        return self.session or _session(self.settings)

    def execute(self, query: str) -> Rows:
        """Do what a statement says; what it selects is read when its rows are fetched."""
        return Rows(self.spark.sql(query))

    def cursor(self) -> "Connection":
        """A session with views of its own, over the same tables."""
        return Connection(self.settings, self.spark.newSession())


def connect(settings: Options) -> Connection:
    """Spark with these settings, or those of spark-submit, and what its parts need in any case."""
    return Connection(settings)


def keep(con: Connection, name: str, query: str) -> None:
    """Make the relation `name` of what a query gives now, to read it more than once."""
    con.execute(query).frame.localCheckpoint().createOrReplaceTempView(name)


def hand_over(query: str, source: Connection, into: str, con: Connection) -> None:
    """Make the relation `into` of one connection from what a query gives on another."""
    handed = f"handed_{uuid4().hex}"
    source.execute(query).frame.createGlobalTempView(handed)
    try:
        keep(con, into, f"SELECT * FROM global_temp.{handed}")
    finally:
        con.spark.catalog.dropGlobalTempView(handed)


def explained(error: Exception) -> PipelineError:
    """An error of the engine, or of a file, as one of ours, by what it comes from."""
    if isinstance(error, PipelineError):
        return error
    if isinstance(error, OSError):
        return refused(str(error))
    kinds, said, reading = [], str(error), ""
    for cause in causes(error):
        kinds.append(str(cause.getClass().getName()))
        said = str(cause.getMessage() or kinds[-1])
        if said.startswith("[FAILED_READ_FILE"):  # no other cause names the file
            reading = said.partition("  SQLSTATE")[0]
    text = said.splitlines()[0] if said else type(error).__name__
    if "java.io.FileNotFoundException" in kinds and "Permission denied" not in text:
        return Transient(f"a file went while it was read: {text}")
    if "java.lang.OutOfMemoryError" in kinds:
        how = (
            "Give Spark more memory (spark.driver.memory in conf/, --driver-memory), or lower chunk"
        )
        return refused(text, how)
    if any(one.endswith(".SchemaColumnConvertNotSupportedException") for one in kinds):
        return UsageError(
            f"a file of the sink has another type there than contract.yml ({text}), and Spark reads "
            "it in no other: set contract.yml back, or begin with an empty sink"
        )
    machine: tuple[str, ...] = ("java.io.", "java.net.", "java.nio.")
    if reading and not any(word in text for words in MEND for word in words):
        machine = ("java.net.", "java.nio.file.")  # what else a file can have is wrong in it
    text = f"{reading} {text}".strip()
    environment = any(one.startswith(machine) for one in kinds)
    return refused(text) if environment else PipelineError(text)


def causes(error: Exception) -> Iterator[Any]:
    """The exceptions of Java behind an error of Spark's, the first cause last."""
    cause = getattr(error, "_origin", None) or getattr(error, "java_exception", None)
    while cause is not None:
        yield cause
        cause = cause.getCause()


def location(path: str) -> str:
    """A file as Spark's readers take it: letters of a pattern stand for themselves."""
    if ":" in Path(path).name:
        raise PipelineError(f"{path}: Spark reads no file with a colon in its name. Rename it")
    escaped = re.sub(r"[\[\]{}*?\\]", r"\\\g<0>", os.path.abspath(path))  # noqa: PTH100
    return f"file:{escaped}"


def _session(settings: Options) -> SparkSession:
    """The session of this process. Under spark-submit it is what that was told."""
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    if not submitted:
        _require_java()
    cores = {"spark.sql.shuffle.partitions": str(os.cpu_count() or 1)}
    builder: Any = SparkSession.builder
    for name, value in {**NEEDED, **({} if submitted else cores | dict(settings)), **FIXED}.items():
        builder = builder.config(name, value)
    with starting, tempfile.TemporaryFile() as said:
        try:
            session = _quietly(builder, said)
        except Exception as error:  # of py4j or of Spark: whatever it is, nothing can be done
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            why = next((one for one in lines if "rror" in one or "xception" in one), str(error))
            raise EnvironmentFailure(f"Spark did not start: {why.strip()}") from error
    java: Any = session._jvm
    java.java.util.TimeZone.setDefault(java.java.util.TimeZone.getTimeZone("UTC"))
    return session


def _quietly(builder: Any, said: Any) -> SparkSession:
    """Start Spark; what it tells on its way (and later, to nobody) goes to a file of its own.

    What matters of it comes as an exception. spark-submit shows all, as its log4j2.properties says.
    """
    if SparkSession.getActiveSession() or "PYSPARK_GATEWAY_PORT" in os.environ:
        return builder.getOrCreate()  # type: ignore[no-any-return]
    sys.stderr.flush()
    shown = os.dup(2)
    os.dup2(said.fileno(), 2)
    try:
        return builder.getOrCreate()  # type: ignore[no-any-return]
    finally:
        os.dup2(shown, 2)
        os.close(shown)


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if home and not shutil.which("java", path=str(Path(home) / "bin")):
        raise EnvironmentFailure(NO_JAVA.format(f"JAVA_HOME, {home}, has none"))
    if not home and not shutil.which("java"):
        raise EnvironmentFailure(NO_JAVA.format("there is none"))
