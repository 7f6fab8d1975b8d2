"""`make demo`: what a new user does, from an empty folder to the first numbers.

Runs in the environment that `make demo` made; the project's own dependencies are added to it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import yaml

PYTHON = sys.executable
ANSWERS = ".copier-answers.yml"
ROWS = 5


def main() -> int:
    project = Path(sys.argv[1] if len(sys.argv) > 1 else "demo").resolve()
    clear(project)
    step(PYTHON, "-m", "scaffold", "new", project.name, "--defaults", folder=project.parent)
    answers = yaml.safe_load((project / ANSWERS).read_text(encoding="utf-8"))
    quiet = ("--quiet", "--disable-pip-version-check")
    step(PYTHON, "-m", "pip", "install", *quiet, "--editable", project.name, folder=project.parent)
    step(PYTHON, "-m", answers["package"], "run", folder=project)
    step(PYTHON, "-m", answers["package"], "status", folder=project)
    for warehouse in sorted(project.rglob("*.duckdb")):
        show(warehouse)
    print(f"\nThe project is in {project}: start with its README.md.")
    return 0


def clear(project: Path) -> None:
    """An earlier demo is made anew; a folder that is none is never touched."""
    if not project.exists():
        return
    if not (project / ANSWERS).is_file():
        sys.exit(f"{project} is there and is no demo of ours. Move it away, then run this again.")
    shutil.rmtree(project)


def step(*command: str, folder: Path) -> None:
    print("\n$", " ".join(("python", *command[1:])), flush=True)
    done = subprocess.run(command, cwd=folder, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def show(warehouse: Path) -> None:
    """How many rows each table has, and the first rows of the last hop."""
    with duckdb.connect(str(warehouse), read_only=True) as database:
        tables = database.sql(
            "SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL"
        ).fetchall()
        print(f"\n{warehouse}")
        for schema, table in tables:
            name = f'"{schema}"."{table}"'
            counted = database.table(name).count("*").fetchone()
            print(f"  {schema}.{table}: {counted[0] if counted else 0} rows")
        for schema, table in tables:
            if "gold" in f"{schema}.{table}":
                print(f"\nThe first rows of {schema}.{table}:")
                print(database.table(f'"{schema}"."{table}"').limit(ROWS))


if __name__ == "__main__":
    sys.exit(main())
