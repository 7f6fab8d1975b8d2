"""Carry over what this project wrote before it moved from DuckDB: all rows, and the ledger.

    python -m <package>.sinks.from_duckdb warehouse.duckdb

Once, into tables that are empty. What was done then stays done, and is not read again. A pipeline
is carried over whole or, where that fails or is killed, not at all. Delete this file afterwards.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import duckdb

from ..core import log
from ..core.contract import Table
from ..core.engine import FAILURES, explained, location
from ..core.errors import EnvironmentFailure, PipelineError, UsageError
from ..core.ledger import Entry
from ..core.pipeline import Pipeline, Store
from ..core.settings import load
from ..pipelines import PIPELINES

Old = duckdb.DuckDBPyConnection


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(file: Path) -> None:
    """Carry over each pipeline; one that fails does not stop the next."""
    codes = [0]
    try:
        settings = load()
        log.set_up(settings.log_format)
        old = duckdb.connect(file, read_only=True)
    except (duckdb.Error, PipelineError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(getattr(error, "exit_code", EnvironmentFailure.exit_code))
    for name, make in PIPELINES.items():
        try:
            pipeline = make(settings)
            with pipeline.sink.open(pipeline, write=True) as store:
                units = carry_over(old, pipeline, store, settings.warehouse)
            click.echo(f"{name}: {units} units of {file}")
        except (duckdb.Error, *FAILURES) as stopped:
            known = explained(stopped)
            click.echo(f"{name}: {known}", err=True)
            codes.append(known.exit_code)
    sys.exit(max(codes))


def carry_over(old: Old, pipeline: Pipeline, store: Store, folder: Path) -> int:
    """Write all rows of a pipeline and commit its ledger with them; says how many units it has."""
    if store.history().latest:
        raise UsageError("it has a ledger here already: what DuckDB has would be there twice")
    query = "SELECT entry FROM ledger WHERE pipeline = ? ORDER BY rowid"
    entries = [
        Entry.model_validate_json(e) for (e,) in old.execute(query, [pipeline.name]).fetchall()
    ]
    if not entries:
        return 0
    with TemporaryDirectory(prefix=".duckdb-", dir=folder) as aside, store.begin() as changed:
        for step in pipeline.steps:
            file = str(Path(aside) / f"{step.table.name}.parquet")
            old.sql(rows(old, pipeline.name, step.table)).write_parquet(file)
            frame = changed.con.spark.read.parquet(location(file))
            frame.createOrReplaceTempView("carried")
            changed.append(step.table, "SELECT * FROM carried")
        changed.commit(entries)
    return len(store.history().done)


def rows(old: Old, schema: str, table: Table) -> str:
    """The rows of a table; a column that came later than they did is empty. The file is named, too:
    it may be called like the schema.
    """
    ((file,),) = old.execute("SELECT replace(current_database(), '\"', '\"\"')").fetchall()
    name = f'"{file}".{schema}.{table.name}'
    known = {column for column, *_ in old.execute(f"DESCRIBE {name}").fetchall()}
    cells = (column if column in known else f"NULL AS {column}" for column in table.names)
    return f"SELECT {', '.join(cells)} FROM {name}"


if __name__ == "__main__":
    main()
