"""Kafka: what a topic has, and the messages at a range of its offsets.

Offsets are kept with the data: no consumer group is joined, and nothing is committed to the broker.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from pydantic import BaseModel, SecretStr

from .errors import EnvironmentFailure, NotReady, PipelineError, UsageError

MOST, WAIT = 10_000, 0.1  # messages, and seconds, until those that came are handed on
PATIENCE = 30_000  # milliseconds without an answer
NO_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_EXCEPTION)
PASSING = (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE)

Message = tuple[int, str | None]  # its offset, and what it says


class KafkaConnection(BaseModel, frozen=True, extra="forbid"):
    """Known by the environment alone, and never shown.

    `options` are those of librdkafka, as YAML: {security.protocol: SASL_SSL, sasl.username: ...}
    """

    servers: SecretStr = SecretStr("")
    options: SecretStr = SecretStr("{}")

    def __str__(self) -> str:
        return "the broker of PIPELINE_KAFKA__SERVERS"

    @contextmanager
    def session(self) -> Iterator["KafkaSession"]:
        """A client for one look, or one read. It speaks to the broker when it is first asked."""
        told, failures = self._told(), list[KafkaError]()
        own = {
            "bootstrap.servers": self.servers.get_secret_value(),
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",  # what is gone is never skipped in silence
            "fetch.wait.max.ms": 10,  # what is asked for is there: no look waits for more
            "error_cb": failures.append,
            "log_level": 0,  # its logs say where the broker is
        }
        try:
            consumer = Consumer({"group.id": "pipelines"} | told | own)
        except (KafkaException, TypeError, ValueError) as error:
            why = self._hidden(said(error), told)
            raise UsageError(f"PIPELINE_KAFKA__OPTIONS is not for librdkafka: {why}") from None
        patience = float(told.get("socket.timeout.ms", PATIENCE)) / 1000
        try:
            yield KafkaSession(consumer, str(self), failures, patience)
        finally:
            consumer.close()

    def offsets(self, topic: str) -> dict[int, tuple[int, int]]:
        """The offsets that a topic has now, by partition: the oldest, and the end."""
        with self.session() as session:
            return session.offsets(topic)

    def _told(self) -> dict[str, Any]:
        if not self.servers.get_secret_value():
            raise UsageError("PIPELINE_KAFKA__SERVERS is not set: <host>:<port>")
        try:
            told = yaml.safe_load(self.options.get_secret_value()) or {}
        except yaml.YAMLError:
            told = None
        if not isinstance(told, dict):
            raise UsageError("PIPELINE_KAFKA__OPTIONS is no YAML of the form {<option>: <value>}")
        return told

    def _hidden(self, text: str, told: dict[str, Any]) -> str:
        for secret in (self.servers.get_secret_value(), *map(str, told.values())):
            text = text.replace(secret, "…") if secret else text
        return text


@dataclass(frozen=True, slots=True)
class KafkaSession:
    """One client, for one thread. It asks again by itself, for as long as there is patience."""

    consumer: Consumer
    place: str
    failures: list[KafkaError]
    patience: float

    def offsets(self, topic: str) -> dict[int, tuple[int, int]]:
        """The oldest offset of each partition, and its end: that of transactions that are over."""
        try:
            found = self.consumer.list_topics(topic, timeout=self.patience).topics[topic]
            if found.error:
                raise self._failure(found.error, topic)
            places = (TopicPartition(topic, partition) for partition in sorted(found.partitions))
            return {
                one.partition: self.consumer.get_watermark_offsets(one, timeout=self.patience)
                for one in places
            }
        except KafkaException as error:
            self.consumer.poll(0)  # what else there is to say comes by the callback
            raise self._failure(error.args[0], topic) from None

    def messages(self, topic: str, partition: int, start: int, end: int) -> Iterator[list[Message]]:
        """The messages at `[start, end)`, some at a time; offsets may have none."""
        self.consumer.assign([TopicPartition(topic, partition, start)])
        at, heard = start, time.monotonic()
        while at < end:
            came = list[Message]()
            for one in self.consumer.consume(min(end - at, MOST), timeout=WAIT):
                error, offset = one.error(), one.offset()
                if error is None and offset is not None and offset < end:
                    value = one.value()
                    text = None if value is None else value.decode("utf-8", "replace")
                    came.append((offset, text))
                elif error and error.code() not in (*PASSING, KafkaError._PARTITION_EOF):
                    raise self._failure(error, f"{topic}-{partition}")
                if offset is not None and offset >= 0:
                    at, heard = offset + (error is None), time.monotonic()
            if came:
                yield came
            elif time.monotonic() - heard > self.patience:
                raise self._failure(KafkaError(KafkaError._TIMED_OUT), f"{topic}-{partition}")

    def _failure(self, error: KafkaError, topic: str) -> PipelineError:
        """The error by what to do about it, in general words: the client's own say where."""
        if error.code() in NO_TOPIC:
            return NotReady(f"there is no topic {topic} at {self.place}")
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            return PipelineError(
                f"{topic} no longer has messages that were listed: what is gone cannot be read"
            )
        codes = dict.fromkeys(one.code() for one in [error, *self.failures])
        why = "; ".join(KafkaError(code).str() for code in codes)
        return EnvironmentFailure(f"{topic} cannot be read at {self.place}: {why}")


def said(error: Exception) -> str:
    """What a client says to its options."""
    first = error.args[0] if error.args else error
    return first.str() if isinstance(first, KafkaError) else str(first)
