"""Does commands of the project in this folder, one after another in one process, and keeps what they say.

Called with a file of commands and a file for the answers: so Spark starts once for all of them.
"""

import importlib
import json
import pickle
import shutil
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner


def main(todo: Path, place: Path) -> None:
    """Perform, then keep what was said, and the rows of all tables, in an order of their own."""
    command, load = found("__main__").main, found("core.settings").load
    said, tables = [], {}
    for what, *words in json.loads(todo.read_text()):
        if what == "copy":
            shutil.copytree(words[0], words[1], dirs_exist_ok=True)
            continue
        if what == "carry":
            ended = CliRunner().invoke(found("sinks.from_duckdb").main, words)
        else:
            ended = CliRunner().invoke(command, [what, *words, "--json"])
        sys.stderr.write(ended.stderr)
        if ended.exception and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        said.append((ended.exit_code, ended.stdout))
    for name, make in found("pipelines").PIPELINES.items():
        pipeline: Any = make(load())
        with pipeline.sink.open(pipeline, write=False) as store:
            for step in pipeline.steps:
                columns = ", ".join(column for column in step.table.names if column != "_row")
                rows = f"SELECT {columns} FROM {store.relation(step.table.name)} AS t"
                every = (tuple(row) for row in store.con.execute(rows).fetchall())
                tables[f"{name}.{step.table.name}"] = sorted(every, key=repr)
    place.write_bytes(pickle.dumps((said, tables)))


def found(module: str) -> Any:
    """A module of the project in whose folder this runs."""
    (package,) = Path("src").glob("*/__main__.py")
    return importlib.import_module(f"{package.parent.name}.{module}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
