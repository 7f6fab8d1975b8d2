"""A broker for the proofs, with a topic of its own for each folder of a world.

It is the one that PIPELINE_TEST_KAFKA names (<host>:<port>), or a real one, in the JVM of Spark: on the
loopback address, also for other processes, and ends with this one.
"""

import hashlib
import os
import socket
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from .engine import engine

NAMED = "PIPELINE_TEST_KAFKA"
SILENT = {"log_level": 0}
SOON = "{default.api.timeout.ms: 900, request.timeout.ms: 500, client.id: s3cret}"  # for who is not there
WRONG = (
    "{sasl.mechanism: s3cret, security.protocol: SASL_PLAINTEXT}",
    "{security.protocol: s3cret}",
)


{% include 'templates/connections/kafka_topics.py' %}


def make(name: str, partitions: int = 2) -> None:
    """Let there be a topic."""
    if name not in _admin().list_topics(timeout=30).topics:
        _admin().create_topics([NewTopic(name, partitions, 1)])[name].result(30)


def forget(name: str, partition: int = 0) -> None:
    """Let the messages so far go, as retention does."""
    gone = TopicPartition(name, partition, -1)  # all
    _admin().delete_records([gone])[gone].result(30)


@cache
def server() -> str:
    """The address. Processes that this one starts find it in their environment."""
    if NAMED not in os.environ:
        os.environ[NAMED] = _start()
    return os.environ[NAMED]


def _start() -> str:
    """Start a broker of one node, which is its own controller."""
    plain, control = _free_port(), _free_port()
    folder = tempfile.mkdtemp(prefix="kafka-")
    told = {
        "node.id": "1",
        "process.roles": "broker,controller",
        "listeners": f"PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{control}",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": f"1@127.0.0.1:{control}",
        "log.dirs": folder,
        "offsets.topic.num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
    }
    java: Any = engine().spark._jvm
    cluster = java.org.apache.kafka.common.Uuid.randomUuid().toString()
    made = java.org.apache.kafka.metadata.storage.Formatter().setClusterId(cluster).setNodeId(1)
    made.setControllerListenerName("CONTROLLER").setMetadataLogDirectory(folder)
    made.addDirectory(folder).run()
    clock = java.org.apache.kafka.common.utils.Time.SYSTEM
    java.kafka.server.KafkaRaftServer(java.kafka.server.KafkaConfig(told), clock).startup()
    return f"127.0.0.1:{plain}"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@cache
def _admin() -> AdminClient:
    return AdminClient(_client())


def _client() -> dict[str, str | int | float | bool]:
    return {"bootstrap.servers": server(), **SILENT}
