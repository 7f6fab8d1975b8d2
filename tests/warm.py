"""Modules of Python as commands, each in a process of its own that is forked: it has not to import what all of them do.

That is half of the time of a short one. What is imported before has no state of its environment, and none of it is ours:
versions of that differ.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

IMPORTED = (
    "asyncio click dunamai jinja2_ansible_filters packaging.version pathspec platformdirs "
    "pydantic questionary ssl urllib.request xml.dom.minidom yaml"
).split()


def python(
    module: str, *words: str, cwd: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What `python -m` does, with nothing on its standard input."""
    with tempfile.TemporaryDirectory() as folder:
        said = [str(Path(folder, name)) for name in ("out", "err")]
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        print(json.dumps([module, words, str(cwd), dict(env), said]), file=server.stdin)
        server.stdin.flush()
        code = int(server.stdout.readline())
        out, err = (Path(name).read_text(encoding="utf-8") for name in said)
        return subprocess.CompletedProcess((module, *words), code, out, err)


@cache
def _server() -> subprocess.Popen[str]:
    """One for each process of tests; it ends with that."""
    pipe = subprocess.PIPE
    return subprocess.Popen((sys.executable, __file__), stdin=pipe, stdout=pipe, text=True)


def _serve() -> None:
    sys.path.pop(0)  # the folder of this file
    for name in IMPORTED:
        importlib.import_module(name)
    for line in sys.stdin:
        if child := os.fork():
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        else:
            _become(*json.loads(line))


def _become(module: str, words: list[str], cwd: str, env: dict[str, str], said: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored behind a shell's `&`
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[:0] = [cwd, *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, place in enumerate(said, start=1):
        os.dup2(os.open(place, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    _serve()
