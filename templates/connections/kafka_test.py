"""A broker for the proofs, with a topic of its own for each folder of a world.

It is the one that PIPELINE_TEST_KAFKA names (<host>:<port>), or the mock cluster of the client itself:
it speaks Kafka's protocol on the loopback address, also to other processes, and ends with this one.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

NAMED = "PIPELINE_TEST_KAFKA"
REAL = NAMED in os.environ
SILENT = {"log_level": 0}
JUNK = b"x" * 900_000  # of a partition the mock cluster keeps 5 MB


def settings(folder: Path) -> dict[str, str]:
    """The settings that lead the project to the broker."""
    return {"PIPELINE_KAFKA__SERVERS": server()}


def topic(folder: Path) -> str:
    """The topic of a world, and of those that are copies of it: what comes next comes to all."""
    told = folder / "topic"
    if told.exists():
        return told.read_text("utf-8")
    return f"topic-{hashlib.sha256(str(folder).encode()).hexdigest()[:20]}"


def load(folder: Path) -> None:
    """Send the rows of a folder's files, which have done their work then: a topic keeps them.

    Those of the folder `1` in it go to the partition 1.
    """
    make(topic(folder))
    for file in sorted((folder / "data").rglob("[!_]*.jsonl")):
        send(topic(folder), file.read_bytes().splitlines(), int(file.parent.name == "1"))
        file.unlink()


def make(name: str, partitions: int = 2) -> None:
    """Let there be a topic; the mock cluster makes it, with four partitions, when it is sent to."""
    if REAL and name not in _admin().list_topics(timeout=30).topics:
        _admin().create_topics([NewTopic(name, partitions, 1)])[name].result(30)


def send(name: str, values: Iterable[bytes | None], partition: int = 0) -> None:
    """Send messages to one partition, in this order; None is a tombstone."""
    producer = Producer({**_client(), "linger.ms": 0})
    for value in values:
        producer.produce(name, value=value, partition=partition)
    assert producer.flush(30) == 0, "the broker does not answer"


def forget(name: str, partition: int = 0) -> None:
    """Let the messages so far go, as retention does; with the mock cluster, others come instead."""
    if REAL:
        gone = TopicPartition(name, partition, -1)  # all
        _admin().delete_records([gone])[gone].result(30)
    else:
        send(name, [JUNK] * 7, partition)


def copy(folder: Path, other: Path) -> None:
    """Another folder that reads the same topic."""
    (other / "topic").write_text(topic(folder), "utf-8")


def drop(folder: Path) -> None:
    """Topics are small, and none has the name of another."""


def settle(folder: Path) -> None:
    """A client that was killed holds nothing."""


def watch(step: Callable[[], None]) -> None:
    """Reading changes nothing: what is killed between two statements to the engine is enough."""


@cache
def server() -> str:
    """The address. Processes that this one starts find it in their environment."""
    if NAMED not in os.environ:
        found = _mock().list_topics(timeout=30).brokers.values()
        os.environ[NAMED] = ",".join(f"{one.host}:{one.port}" for one in found)
    return os.environ[NAMED]


@cache
def _mock() -> Producer:
    return Producer({"bootstrap.servers": "none", "test.mock.num.brokers": 1, **SILENT})


@cache
def _admin() -> AdminClient:
    return AdminClient(_client())


def _client() -> dict[str, str | int | float | bool]:
    return {"bootstrap.servers": server(), **SILENT}
