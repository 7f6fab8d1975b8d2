"""Every combination of patterns that the rules allow, and small sets that cover them, from the catalogue."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from scaffold import catalogue, render, rules, source

FORMATS = ("csv", "jsonl", "parquet")
Choice = Mapping[str, Any]

TABLE: dict[str, Any] = {
    "columns": [
        {"name": "order_id", "source": "Order ID", "type": "BIGINT"},
        {"name": "ordered_at", "source": "ordered at", "type": "TIMESTAMP"},
        {"name": "customer", "source": "customer", "type": "STRING"},
        {"name": "amount", "source": "amount", "type": "DECIMAL(18,2)"},
        {"name": "weight", "source": "weight", "type": "DOUBLE"},
        {"name": "paid", "source": "paid", "type": "BOOLEAN"},
        {"name": "due_on", "source": "due_on", "type": "DATE"},
    ],
    "key": ["order_id"],
    "event_time": "ordered_at",
    "time_zone": "Europe/London",
    "measure": "amount",
    "since": "2025-03-01",
}


PYTHON, PYSPARK, SCALA = "python_duckdb", "python_spark", "scala_spark"
COMPARED: list[Choice] = [
    {"extraction": "time_ranged", "structure": ["multi_hop"], "format": "csv"},
    {"extraction": "lookback", "structure": [], "format": "jsonl"},
    {"extraction": "full_snapshot", "structure": ["multi_hop", "conditional"], "format": "csv"},
    {"extraction": "streaming", "structure": ["multi_hop"], "format": "jsonl"},
    {"extraction": "time_ranged", "structure": ["conditional"], "format": "parquet"},
    {"extraction": "streaming", "structure": [], "format": "csv"},
]
COMMON: Choice = {"source": "files", "sink": "parquet", "behaviour": ["idempotent", "self_healing"]}
SPARK_S = ("delta", "parquet", "append_log")
"""The sinks of Python on Spark, each compared with what DuckDB has in plain folders."""
QUICK: Choice = {
    "source": "files",
    "extraction": "time_ranged",
    "behaviour": ["idempotent", "self_healing"],
    "accept": [],
    "format": "parquet",
}
EXTRA: Sequence[Choice] = (
    {**QUICK, "sink": "parquet", "structure": ["multi_hop"]},
    {**QUICK, "sink": "parquet", "structure": ["disconnected"]},
    {**QUICK, "sink": "delta", "structure": []},
    {**QUICK, "source": "kafka", "extraction": "streaming", "sink": "parquet", "structure": []},
)
"""What a pairwise set may lack: three decisions that one proof of plain folders needs at once, and pipelines with which
proofs take less time."""


@cache
def every(runtime: str = PYTHON) -> tuple[Choice, ...]:
    """All choices of patterns that are allowed, those included that need the user's explicit word."""
    known = catalogue.load().on(runtime)
    axes = [[(axis.id, choice) for choice in _choices(axis)] for axis in known.asked]
    allowed = []
    for chosen in itertools.product(*axes):
        choice = dict(chosen)
        refused = rules.judge(TABLE | choice, known).refused
        if any(not finding.need.compensation for finding in refused):
            continue
        allowed.append(choice | {"accept": [finding.need.rule for finding in refused]})
    return tuple(allowed)


def cover(strength: int, runtime: str = PYTHON) -> list[Choice]:
    """A small set of choices in which any `strength` decisions that can meet do meet. Greedy, no chance."""
    candidates = [_with_format(choice, form) for choice in every(runtime) for form in FORMATS]
    facts = [frozenset(_tuples(choice, strength)) for choice in candidates]
    missing = set(itertools.chain.from_iterable(facts))
    taken = []
    while missing:
        best = max(range(len(candidates)), key=lambda n: len(facts[n] & missing))
        missing -= facts[best]
        taken.append(candidates[best])
    return taken


@cache
def proved() -> tuple[Choice, ...]:
    """The pipelines of Scala in which any two decisions meet, and every proof has one that it fits."""
    return (*cover(2, SCALA), *EXTRA)


def answers(
    choices: Sequence[Choice], package: str = "shop", runtime: str = PYTHON
) -> dict[str, Any]:
    """The answers of one project that holds each choice as a pipeline of its own."""
    pipelines = [_pipeline(f"p{n:03}", choice) for n, choice in enumerate(choices)]
    project = {"project_name": "Shop", "package": package, "runtime": runtime}
    return project | {"pipelines": pipelines}


def compared(runtime: str) -> dict[str, Any]:
    """The answers of a project that both languages can have, with every extraction, format and way of a row."""
    own = itertools.cycle(SPARK_S if runtime == PYSPARK else (COMMON["sink"],))
    chosen = [{**one, **COMMON, "sink": sink} for one, sink in zip(COMPARED, own, strict=False)]
    given = answers(chosen, "parity", runtime)
    for pipeline in given["pipelines"]:
        name = f"q{pipeline['name'][1:]}"  # in a pool with others, whose names begin with p
        pipeline |= {"name": name, "since": "2025-03-28"}
        pipeline["path"] = f"data/{name}/*.{pipeline['format']}"
    return given


def made(folder: Path, templates: source.Templates, data: Mapping[str, Any]) -> Path:
    """A project in a new folder. Only for as long as that takes does copier not find git."""
    folder.mkdir()
    with source.open_templates():
        render.render(data, templates, folder)
    return folder


def title(choice: Choice) -> str:
    """A choice in one word, for the name of a test."""
    several = [
        [part] if isinstance(part, str) else part or ["none"]
        for key, part in choice.items()
        if key != "accept"
    ]
    return "-".join("+".join(parts) for parts in several)


def _pipeline(name: str, choice: Choice) -> dict[str, Any]:
    form = choice.get("format", FORMATS[int(name[1:]) % len(FORMATS)])
    return {"name": name, **TABLE, **choice, "format": form, "path": f"data/{name}/*.{form}"}


def _with_format(choice: Choice, form: str) -> Choice:
    return dict(choice) | {"format": form}


def _choices(axis: catalogue.Axis) -> Iterator[Any]:
    ids = [pattern.id for pattern in catalogue.load().of(axis.id)]
    if not axis.many:
        yield from ids
        return
    for number in range(len(ids) + 1):
        yield from map(list, itertools.combinations(ids, number))


def _tuples(choice: Choice, strength: int) -> Iterator[tuple[tuple[str, str, bool], ...]]:
    known = catalogue.load()
    decisions = [("format", choice["format"], True)]
    for axis in known.asked:
        for pattern in known.of(axis.id):
            if axis.many:
                decisions.append((axis.id, pattern.id, pattern.id in choice[axis.id]))
            elif pattern.id == choice[axis.id]:
                decisions.append((axis.id, pattern.id, True))
    yield from itertools.combinations(decisions, strength)
