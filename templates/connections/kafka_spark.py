"""Kafka: what a topic has, and the messages at a range of its offsets, by the client that Spark has.

Offsets are kept with the data: no consumer group is joined, and nothing is committed to the broker.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pydantic import BaseModel, SecretStr
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

from .engine import Connection, causes, connect
from .errors import EnvironmentFailure, NotReady, PipelineError, UsageError
from .needed import PACKAGES

GONE = "OffsetOutOfRangeException"
NO_TOPIC = ("UnknownTopicOrPartitionException", "InvalidTopicException")
WRONG = ("ConfigException", "IllegalArgumentException")


class KafkaConnection(BaseModel, frozen=True, extra="forbid"):
    """Known by the environment alone, and never shown.

    `options` are those of Kafka's Java client, as YAML: {security.protocol: SASL_SSL, ...}
    """

    servers: SecretStr = SecretStr("")
    options: SecretStr = SecretStr("{}")

    def __str__(self) -> str:
        return "the broker of PIPELINE_KAFKA__SERVERS"

    def on(self, spark: Mapping[str, str]) -> "KafkaBroker":
        """The broker, for a Spark that has these settings when it starts."""
        return KafkaBroker(self, spark)

    def told(self) -> dict[str, str]:
        """All that a client is told. What was committed only: the rest may be taken back."""
        if not self.servers.get_secret_value():
            raise UsageError("PIPELINE_KAFKA__SERVERS is not set: <host>:<port>")
        try:
            told = yaml.safe_load(self.options.get_secret_value()) or {}
        except yaml.YAMLError:
            told = None
        if not isinstance(told, dict):
            raise UsageError("PIPELINE_KAFKA__OPTIONS is no YAML of the form {<option>: <value>}")
        own = {
            "bootstrap.servers": self.servers.get_secret_value(),
            "isolation.level": "read_committed",
        }
        return {"default.api.timeout.ms": "30000"} | {k: str(v) for k, v in told.items()} | own


@dataclass(frozen=True, slots=True)
class KafkaBroker:
    """What can be asked of the broker. Executors read the messages, each some partitions."""

    connection: KafkaConnection
    spark: Mapping[str, str]

    def offsets(self, topic: str) -> dict[int, tuple[int, int]]:
        """The oldest offset of each partition, and its end: that of transactions that are over."""
        told = self.connection.told()
        java: Any = connect(self.spark).spark._jvm
        kafka = java.org.apache.kafka
        try:
            admin = kafka.clients.admin.AdminClient.create(told)
        except Py4JJavaError as error:
            raise self._failure(error, topic) from None
        except TypeError:
            packages = ",".join(PACKAGES)
            raise EnvironmentFailure(f"Spark has no Kafka client: --packages {packages}") from None
        try:
            found = admin.describeTopics([topic]).allTopicNames().get()[topic]
            places = [kafka.common.TopicPartition(topic, p.partition()) for p in found.partitions()]
            level = kafka.common.IsolationLevel.READ_COMMITTED
            options = kafka.clients.admin.ListOffsetsOptions(level)

            def at(spec: Any) -> list[int]:
                asked = admin.listOffsets(dict.fromkeys(places, spec), options).all().get()
                return [int(asked[place].offset()) for place in places]

            spec = kafka.clients.admin.OffsetSpec
            spans = zip(at(spec.earliest()), at(spec.latest()), strict=True)
            return dict(zip((int(place.partition()) for place in places), spans, strict=True))
        except Py4JJavaError as error:
            raise self._failure(error, topic) from None
        finally:
            admin.close()

    def messages(
        self, con: Connection, topic: str, partition: int, start: int, end: int
    ) -> DataFrame:
        """The messages at `[start, end)`. What is no longer there is an error when they are read."""
        first, last = (json.dumps({topic: {str(partition): at}}) for at in (start, end))
        told = {f"kafka.{name}": value for name, value in self.connection.told().items()}
        rows = con.spark.read.format("kafka").options(**told)
        rows = rows.option("assign", json.dumps({topic: [partition]}))
        return rows.option("startingOffsets", first).option("endingOffsets", last).load()

    @contextmanager
    def reading(self, topic: str) -> Iterator[None]:
        """Errors of the client while Spark reads messages by it, as errors of ours."""
        try:
            yield
        except (PySparkException, Py4JJavaError) as error:
            if any("apache.kafka" in str(cause.getClass().getName()) for cause in causes(error)):
                raise self._failure(error, topic) from None
            raise

    def _failure(self, error: Exception, topic: str) -> PipelineError:
        """The error by what to do about it, by its kind alone: the client's own words say where."""
        kinds = [str(cause.getClass().getSimpleName()) for cause in causes(error)]
        if kinds[-1] in WRONG:
            return UsageError(f"PIPELINE_KAFKA__OPTIONS is not for Kafka's client: {kinds[-1]}")
        if GONE in kinds:
            return PipelineError(
                f"{topic} no longer has messages that were listed: what is gone cannot be read"
            )
        if any(kind in NO_TOPIC for kind in kinds):
            return NotReady(f"there is no topic {topic} at {self.connection}")
        why = "; ".join(dict.fromkeys(kinds[1:] or kinds))
        return EnvironmentFailure(f"{topic} cannot be read at {self.connection}: {why}")
