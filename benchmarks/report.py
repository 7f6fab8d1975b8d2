"""The table: a line for each comparison, the target beside the ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from measure import Compared, Spent

HEAD = ("what", "ours", "peer", "against", "ratio (wall, CPU)", "target", "met")
MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison. Without a target it is for information."""

    what: str
    against: str
    compared: Compared
    target: float | None = None

    def cells(self) -> tuple[str, ...]:
        ratio = self.compared.ratio
        return (
            self.what,
            shown(self.compared.ours),
            shown(self.compared.peer),
            self.against,
            f"{ratio.wall:.2f}, {ratio.cpu:.2f}",
            "" if self.target is None else f"<= {self.target}",
            "" if self.target is None else met(ratio, self.target),
        )


def met(ratio: Spent, target: float) -> str:
    """Both have to be: on a busy machine one of them alone says little."""
    found = {"wall": ratio.wall <= target, "CPU": ratio.cpu <= target}
    good = [name for name, fine in found.items() if fine]
    return "yes" if len(good) == len(found) else f"{good[0]} only" if good else "no"


def shown(spent: Spent) -> str:
    return f"{spent.wall:.2f} s, {spent.cpu:.2f} CPU s, {spent.peak / MEGA:.0f} MB"


def table(lines: Sequence[Line]) -> str:
    """Markdown that is also readable in a terminal."""
    rows = [HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEAD))]
    text = [f"| {' | '.join(map(str.ljust, row, widths))} |" for row in rows]
    text.insert(1, f"|{'|'.join('-' * (width + 2) for width in widths)}|")
    return "\n".join(text)
