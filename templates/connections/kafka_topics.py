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


def send(name: str, values: Iterable[bytes | None], partition: int = 0) -> None:
    """Send messages to one partition, in this order; None is a tombstone."""
    producer = Producer({**_client(), "linger.ms": 0})
    for value in values:
        producer.produce(name, value=value, partition=partition)
    assert producer.flush(30) == 0, "the broker does not answer"


def copy(folder: Path, other: Path) -> None:
    """Another folder that reads the same topic."""
    (other / "topic").write_text(topic(folder), "utf-8")


def drop(folder: Path) -> None:
    """Topics are small, and none has the name of another."""


def settle(folder: Path) -> None:
    """A client that was killed holds nothing."""


def watch(step: Callable[[], None]) -> None:
    """Reading changes nothing: what is killed between two statements to the engine is enough."""
