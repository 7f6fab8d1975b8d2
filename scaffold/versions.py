"""Which of two versions of the templates is older, as far as their names say."""

from __future__ import annotations

import re

_DESCRIBED = re.compile(r"^v?(.+?)-(\d+)-g[0-9a-f]+$")
"""What `git describe` says of a commit after a tag."""


def is_older(one: str, other: str) -> bool | None:
    """None where the names do not tell: a bare commit has no place among versions."""
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 - only where they differ

    try:
        return Version(_plain(one)) < Version(_plain(other))
    except InvalidVersion:
        return None


def newest(tags: list[str]) -> str:
    """The newest release, or an empty text where there is none."""
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 - as above

    known: list[tuple[Version, str]] = []
    for tag in tags:
        try:
            known.append((Version(_plain(tag)), tag))
        except InvalidVersion:
            continue
    released = [entry for entry in known if not entry[0].is_prerelease]
    return max(released, default=(None, ""))[1]


def _plain(name: str) -> str:
    described = _DESCRIBED.match(name)
    return f"{described[1]}.post{described[2]}" if described else name
