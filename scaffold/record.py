"""What a project records about itself: its answers, and the version of the templates that made it.

Imports neither copier nor git, because `check` reads it in every run of somebody's CI.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scaffold.about import CANONICAL_URL
from scaffold.errors import EnvironmentProblem, UsageError

ANSWERS: Final = ".copier-answers.yml"
_CHECKSUM = re.compile(r"^# checksum ([0-9a-f]{64})\s*\Z", re.MULTILINE)
_HOSTED = re.compile(
    r"^(?:gh:|git@github\.com:|(?:git\+)?(?:https|ssh)://(?:git@)?github\.com/)(.+)$"
)


@dataclass(frozen=True, slots=True)
class Record:
    answers: Mapping[str, Any]
    commit: str
    source: str
    text: str
    edited: bool
    """Whether somebody changed an answer by hand: the checksum tells."""


def read(project: Path) -> Record:
    """A project's record, or why this is no project of ours."""
    file = project / ANSWERS
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise _none(project) from None
    except UnicodeDecodeError as error:
        raise _unreadable(file, str(error)) from error
    except OSError as error:
        raise EnvironmentProblem(str(error), fix="Mend that, and run it again.") from error
    found = parse(text, file)
    own = {key: value for key, value in found.items() if not key.startswith("_")}
    record = Record(
        own,
        str(found.get("_commit") or ""),
        str(found.get("_src_path") or ""),
        text,
        _edited(text, found),
    )
    _require_ours(record, project)
    return record


def parse(text: str, file: Path) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - 15 ms, where something is parsed

    try:
        found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (yaml.YAMLError, ValueError) as error:  # a value, as of a date that no month has
        raise _unreadable(file, " ".join(str(error).split())) from error
    if not isinstance(found, dict):
        raise _unreadable(file, "It holds no answers.")
    return {str(key): value for key, value in found.items()}


def require_unedited(record: Record, project: Path) -> None:
    if record.edited:
        raise UsageError(
            f"The answers in {project / ANSWERS} were edited by hand.",
            "A merge would take files that such an answer adds for files that you deleted.",
            f"Take the edit back (git log -p {ANSWERS}), and change answers by scaffold switch, add or remove.",
        )


def same_source(url: str) -> bool:
    """Whether a recorded source is the canonical one, however it is spelled."""
    return _plain(url) == _plain(CANONICAL_URL)


def _plain(url: str) -> str:
    hosted = _HOSTED.match(url.strip())
    place = hosted[1] if hosted else url.strip()
    return place.rstrip("/").removesuffix(".git").lower()


def _edited(text: str, found: Mapping[str, Any]) -> bool:
    """The answers' template (templates/projects/*/{{ _copier_conf.answers_file }}.jinja) writes the checksum."""
    line = _CHECKSUM.search(text)
    try:
        plain = json.dumps(found, sort_keys=True, default=_spelled)
    except TypeError:  # keys of several types, which no answer has
        return True
    return line is None or line[1] != hashlib.sha256(plain.encode()).hexdigest()


def _spelled(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _require_ours(record: Record, project: Path) -> None:
    if same_source(record.source) and record.commit:
        return
    if not record.commit:
        raise UsageError(
            f"{project} cannot be updated: it was made from templates that have no version.",
            f"It records the folder {record.source or '(none)'}, in a state that nobody can get again.",
            "Make it again with an installed scaffold, in another folder, and move your edits over.",
        )
    raise UsageError(
        f"{project} was made from other templates: {record.source}.",
        f"scaffold has those of {CANONICAL_URL}.",
        "Where that source can be reached, plain copier updates it: copier update",
    )


def _none(project: Path) -> UsageError:
    if not project.is_dir():
        return UsageError(f"There is no folder {project}.")
    return UsageError(
        f"{project} is not a project of scaffold: it has no {ANSWERS}.",
        "That file records what the project was made from.",
        f"Go to the project's own folder; if the file was deleted: git log -- {ANSWERS}",
    )


def _unreadable(file: Path, why: str) -> UsageError:
    return UsageError(
        f"Cannot read the answers in {file}.", why, f"Take it from git: git log -p -- {ANSWERS}"
    )
