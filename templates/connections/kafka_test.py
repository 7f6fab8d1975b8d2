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
SOON = "{socket.timeout.ms: 900, client.id: s3cret}"  # for who is not there
WRONG = (
    "{sasl.mechanism: s3cret, security.protocol: SASL_PLAINTEXT}",
    "{security.protocol: s3cret}",
)
JUNK = b"x" * 900_000  # of a partition the mock cluster keeps 5 MB


{% include 'templates/connections/kafka_topics.py' %}


def make(name: str, partitions: int = 2) -> None:
    """Let there be a topic; the mock cluster makes it, with four partitions, when it is sent to."""
    if REAL and name not in _admin().list_topics(timeout=30).topics:
        _admin().create_topics([NewTopic(name, partitions, 1)])[name].result(30)


def forget(name: str, partition: int = 0) -> None:
    """Let the messages so far go, as retention does; with the mock cluster, others come instead."""
    if REAL:
        gone = TopicPartition(name, partition, -1)  # all
        _admin().delete_records([gone])[gone].result(30)
    else:
        send(name, [JUNK] * 7, partition)


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
