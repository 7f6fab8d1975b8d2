"""Which files a path means, what is in them, and how their text is encoded."""

import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scaffold.errors import EnvironmentProblem, ScaffoldError, UsageError

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".psv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
KNOWN = "*.csv, *.tsv, *.txt, *.jsonl, *.ndjson, *.json, *.parquet (also .gz, but for Parquet)"
HEAD = 4_000_000  # bytes read to tell the encoding
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"SQLite format 3": "an SQLite database",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"BZh": "compressed with bzip2",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\xfd7zXZ": "compressed with xz",
    b"Obj\x01": "Avro",
    b"ORC": "ORC",
}


@dataclass(frozen=True, slots=True)
class Found:
    """The files behind a path, all of one format."""

    folder: Path
    glob: str
    files: tuple[Path, ...]
    format: str
    notes: tuple[str, ...] = ()


def find(path: Path) -> Found:
    """The files that `path` (a file or a folder) stands for; raises when there is nothing to read."""
    try:
        if path.is_dir():
            return _folder(path)
        if "s3:" in path.parts:
            fix = (
                "Copy one object here for --sample, and say --source object_store --objects s3://…"
            )
            raise UsageError(f"The sample {path.name} is in an object store.", fix=fix)
        if not path.exists():
            fix = "Check the spelling; a glob has to be given as its folder."
            raise UsageError(f"The sample {path} does not exist.", fix=fix)
        if not path.is_file():
            raise UsageError(f"The sample {path} is neither a file nor a folder.")
        return Found(path.parent, escape(path.name), (path,), _content(path))
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def head(path: Path, size: int = HEAD) -> bytes:
    """The first bytes of a file, unpacked if it is gzip."""
    try:
        with gzip.open(path) if is_packed(path) else path.open("rb") as file:
            return file.read(size)
    except (OSError, EOFError) as error:
        raise unreadable(path, error) from error


def is_packed(path: Path) -> bool:
    """By its first bytes; DuckDB goes by the suffix."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def encoding(start: bytes) -> str:
    """DuckDB's name of the encoding; it reads these three without fetching an extension."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start > len(start) - 4 and len(start) >= HEAD else "latin-1"
    return "utf-8"


def escape(name: str) -> str:
    """A file name as a glob that matches only itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def unreadable(path: Path, error: Exception) -> EnvironmentProblem:
    reason = getattr(error, "strerror", None) or str(error)
    return EnvironmentProblem(f"The sample {path} cannot be read.", f"{reason}.")


def broken(file: Path, error: Exception) -> ScaffoldError:
    """DuckDB's first lines say what is wrong with a file; the rest is about its own options."""
    told = [line.strip() for line in str(error).splitlines() if line.strip()]
    if "ermission" in told[0]:
        return unreadable(file, error)
    return UsageError(f"The sample {file} cannot be read.", " ".join(told[:2])[:300])


def _folder(path: Path) -> Found:
    files = _visible(path.iterdir()) or _visible(path.rglob("*"))
    kinds = Counter(_suffix(file) for file in files if _suffix(file))
    if not kinds:
        seen = ", ".join(sorted({file.suffix or file.name for file in files})[:5]) or "nothing"
        raise UsageError(f"No data was found in {path}.", f"It holds {seen}.", f"Known: {KNOWN}.")
    suffix = max(kinds, key=lambda kind: (kinds[kind], kind))
    chosen = tuple(sorted(file for file in files if _suffix(file) == suffix))
    filled = tuple(file for file in chosen if file.stat().st_size > 0)
    notes = [f"{kinds[other]} *{other} files are left out." for other in kinds if other != suffix]
    if len(filled) < len(chosen):
        notes.append(f"{len(chosen) - len(filled)} files are empty.")
    if not filled:
        raise UsageError(f"All *{suffix} files in {path} are empty.")
    deep = "" if filled[0].parent == path else "**/"
    return Found(path, f"{deep}*{suffix}", filled, _content(filled[0]), tuple(notes))


def _visible(paths: Iterable[Path]) -> list[Path]:
    """Files that a writer has finished: no dot files, no `_SUCCESS`, no `*.tmp`."""
    return [
        path
        for path in paths
        if not path.name.startswith((".", "_")) and path.suffix != ".tmp" and path.is_file()
    ]


def _suffix(path: Path) -> str:
    """`.csv` or `.csv.gz` as the file spells it; empty for a file of no known kind."""
    packed = path.suffix.lower() == ".gz"
    inner = Path(path.stem).suffix if packed else path.suffix
    known = FORMATS.get(inner.lower())
    if known is None or (packed and known == "parquet"):
        return ""
    return inner + path.suffix if packed else inner


def _content(path: Path) -> str:
    """The format by what is in the file; its suffix decides only between CSV and JSON lines."""
    if path.stat().st_size == 0:
        raise UsageError(f"The sample {path} is empty.")
    start = head(path, 4096)
    if start[:4] == b"PAR1":
        return "parquet"
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise UsageError(f"The sample {path} is {what}.", fix=f"Known: {KNOWN}.")
    if path.suffix.lower() != ".gz" and is_packed(path):
        raise UsageError(f"The sample {path} is gzip.", fix=f"Name it {path.name}.gz.")
    if b"\0" in start and encoding(start) != "utf-16":
        raise UsageError(f"The sample {path} is binary.", fix=f"Known: {KNOWN}.")
    return _text(path, start.removeprefix(b"\xef\xbb\xbf").lstrip())


def _text(path: Path, start: bytes) -> str:
    if not start:
        raise UsageError(f"The sample {path} holds nothing but blanks.")
    kind = FORMATS.get(Path(_suffix(path)).suffix.lower()) or FORMATS.get(
        Path(path.name.removesuffix(".gz")).suffix.lower()
    )
    if kind == "parquet":
        raise UsageError(f"The sample {path} is named like Parquet, but is not.")
    if kind == "jsonl" or (kind is None and start.startswith((b"{", b"["))):
        if not start.startswith(b"{"):
            fix = "Write one object on each line: jq -c '.[]' FILE > FILE.jsonl"
            raise UsageError(f"The sample {path} is not JSON lines.", fix=fix)
        return "jsonl"
    return "csv"
