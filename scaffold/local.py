"""The user's own data: what it says about the answers, and where it lies on this machine.

The place is no answer, since no team mate has it: it goes to the project's conf/local.toml, or local.yml where its
settings are YAML, which git ignores.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold import keys, names, values
from scaffold.errors import UsageError

if TYPE_CHECKING:
    from scaffold.answers import Pipeline
    from scaffold.catalogue import Catalogue
    from scaffold.sampling.signs import Signs

HEAD = "# This machine only: git ignores this file."
_TOML = re.compile(r"(?:(?!\[).*\n)*?(?P<line>path *= *(?P<path>.*))")
_YAML = re.compile(r"(?:(?: {4}.*)?\n)*?(?P<line>    path: *(?P<path>.*))")
"""The line of a path, and nothing of the next pipeline before it."""
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def describe(
    sample: Path, entry: Mapping[str, Any], today: date, catalogue: Catalogue
) -> tuple[dict[str, Any], tuple[str, ...], Signs | None]:
    """A pipeline's answers as its data says them, below what the user said; what was unsure; and what it says about
    the questions of the decision chart.

    Columns that the user said are not looked for again, so that a command can be repeated on data that grew.
    """
    from scaffold.sampling import files  # noqa: PLC0415

    seen = files.find(sample)
    stem = names.free(_stem(sample), catalogue.reserved, catalogue.runtime.language)
    name = str(entry.get("name") or stem or "pipeline")
    path = {"name": name, "path": f"data/{name}/{_plain(seen.glob, seen.format)}"}
    if "columns" in entry:
        return path | dict(entry), (), None
    from scaffold import sample as samples  # noqa: PLC0415 - brings DuckDB

    found, signs = samples.look(sample, today, _said(entry, catalogue))
    answers = found.answers()
    spelled = answers if catalogue.runtime.language == "python" else _plain_names(answers)
    return path | spelled | dict(entry), found.notes, signs


def _said(entry: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """What the user said, as it is read: the rest follows from it. What cannot be read stays for others to refuse."""
    found = {}
    for key in keys.pipeline(catalogue):
        if key.name in entry:
            with suppress(UsageError):
                found[key.name] = values.parse(key, entry[key.name], catalogue)
    return found


def _plain_names(found: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a sample, with names of columns that Spark takes."""
    from scaffold.sampling.names import ascii_all  # noqa: PLC0415

    before = [column["name"] for column in found["columns"]]
    names = dict(zip(before, ascii_all(before), strict=True))
    columns = [column | {"name": names[column["name"]]} for column in found["columns"]]
    one = {key: names.get(found[key]) for key in ("event_time", "measure")}
    return {**found, **one, "columns": columns, "key": [names[name] for name in found["key"]]}


def place(sample: Path) -> str:
    """The absolute glob that reads the sample's files."""
    from scaffold.sampling import files  # noqa: PLC0415

    found = files.find(sample)
    return str(found.folder.resolve() / found.glob)


def of_files(elsewhere: Mapping[str, str], pipelines: Iterable[Pipeline]) -> dict[str, str]:
    """The places of those pipelines that read files; others only look like their sample."""
    files = {one.name for one in pipelines if "path" in one.answers}
    return {name: path for name, path in elsewhere.items() if name in files}


def write(
    project: Path, elsewhere: Mapping[str, str], added: Iterable[Pipeline] = ()
) -> tuple[str, ...]:
    """Beside what is there: the file is its owner's, and in no commit. A place that is there already is that of a
    pipeline which was removed: it is replaced, and said.
    """
    (shared,) = (project / "conf").glob("defaults.*")
    file = shared.with_stem("local")
    text = (file.read_text(encoding="utf-8") if file.exists() else HEAD).rstrip("\n") + "\n"
    spell = _yaml if file.suffix == ".yml" else _toml
    own = {one.name: str(one.answers["path"]) for one in added if "path" in one.answers}
    notes: list[str] = []
    for name, path in (own | dict(elsewhere)).items():
        spelled, before = spell(text, name, _quoted(path))
        if before and before != _quoted(path):
            notes.append(
                f"conf/{file.name} had another path for {name}, which was replaced: {before}"
            )
        if before or name in elsewhere:
            text = spelled
    if elsewhere or notes:
        file.write_text(text, encoding="utf-8")
    return tuple(notes)


def _toml(text: str, name: str, path: str) -> tuple[str, str]:
    there = _line(rf"\[pipelines\.{name}\]", text)
    if there is None:
        return f"{text}\n[pipelines.{name}]\npath = {path}\n", ""
    rest, before = _placed(text[there.end() :], f"path = {path}", _TOML)
    return text[: there.end()] + rest, before


def _yaml(text: str, name: str, path: str) -> tuple[str, str]:
    """Below the key `pipelines`, which may be there only once."""
    above = _line("pipelines:", text)
    if above is None:
        return f"{text}\npipelines:\n  {name}:\n    path: {path}\n", ""
    head, rest = text[: above.end()], text[above.end() :]
    there = _line(f"  {name}:", rest)
    if there is None:
        return f"{head}  {name}:\n    path: {path}\n{rest}", ""
    below, before = _placed(rest[there.end() :], f"    path: {path}", _YAML)
    above_it = f"{head}{rest[: there.start()]}  {name}:\n"
    return above_it + below, there["more"].strip() or before


def _line(begin: str, text: str) -> re.Match[str] | None:
    return re.search(rf"^{begin}(?P<more>.*)\n", text, re.MULTILINE)


def _placed(section: str, line: str, old: re.Pattern[str]) -> tuple[str, str]:
    """A section's text with this line, and what it had in its place."""
    place = old.match(section)
    if place is None:
        return f"{line}\n{section}", ""
    return section[: place.start("line")] + line + section[place.end("line") :], place["path"]


def _stem(sample: Path) -> str:
    """`orders.csv.gz` and the folder `orders` are both orders."""
    resolved = sample.resolve()
    return resolved.name if resolved.is_dir() else resolved.name.partition(".")[0]


def _plain(glob: str, format_: str) -> str:
    """The glob as an answer; a name that only this one file has would be no pattern for others."""
    try:
        return names.glob(glob)
    except UsageError:
        return f"*.{format_}"


def _quoted(text: str) -> str:
    """A string of TOML and of YAML: JSON's escapes, and those letters that they want escaped as well."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        what = f"Cannot use the sample {names.show(text, names.PATH_LIMIT)}: its name is not UTF-8."
        raise UsageError(what, fix="Rename it.") from error
    plain = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", plain)
