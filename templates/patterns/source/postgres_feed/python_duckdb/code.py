"""A table as a feed: its items are ranges of rows, in the order of a time and the key.

A row that is committed late lies behind what was read already. So ranges that end within `overlap`
of the newest row that is known are looked at again: other content is a new item in place of the old.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ..core.errors import PipelineError, UsageError
from ..core.postgres_connection import PostgresSession, constant, quoted
from .postgres_relation import FIRST, Database, PostgresRelation, Rows, prefix

log = logging.getLogger(__name__)
AT_ONCE = 100  # ranges that one statement looks at
HASH = "hashtextextended(CAST(ROW(one.*) AS text), 0)"


@dataclass(frozen=True, slots=True)
class Found:
    """A range, and its rows in short. The content of one that is settled is its name."""

    file: str
    content: str

    @property
    def stamp(self) -> str:
        return self.file


@dataclass(frozen=True, slots=True)
class PostgresFeed:
    """Ranges of at most `most` rows. `order` has the columns of the time and of the key, as the table
    spells them; times without a zone are in `zone`. No row is committed more than `overlap` later
    than its time says.
    """

    connection: Database
    table: str
    order: tuple[str, ...]
    zone: str = "UTC"
    most: int = 10_000
    overlap: timedelta = timedelta(minutes=10)
    ordered = False

    def items(self, known: Mapping[tuple[str, str], str]) -> Sequence[Found]:
        """The known ranges, and those of what came since, as they are in one snapshot."""
        contents = {file: content for (file, _), content in known.items() if self._has(file)}
        ranges = sorted(map(Rows.parse, contents), key=lambda one: one.number)
        with self.connection.session() as session:
            relation = PostgresRelation.open(session, self.table)
            late = self._check(relation)
            coming = self._coming(session, relation, ranges)
            open_ = [one for one in ranges if contents[one.name] != one.name]
            looked = within(open_, ranges, late) + within(coming, coming, late)
            contents |= self._contents(session, relation, looked)
        return [Found(one.name, contents.get(one.name, one.name)) for one in [*ranges, *coming]]

    def path_of(self, file: str) -> str:
        if not self._has(file):
            raise PipelineError(
                f"{file} is no range of {self.table} by {', '.join(self.order)}: the table or its "
                "order is another one now. `backfill` does this batch without it."
            )
        return file

    def stamp_of(self, file: str) -> str:
        """What is changed while it is read has another content in the next run."""
        return file

    def lane(self, file: str) -> str:
        """Each range is its own: a time says when a row was changed, and no row is late."""
        return file

    def _has(self, file: str) -> bool:
        return file.startswith(prefix(self.table, self.order))

    def _check(self, relation: PostgresRelation) -> timedelta:
        """How far to look back; raises if there is no order. A zone sets its clocks back an hour."""
        if missing := [name for name in self.order if name not in relation.types]:
            raise PipelineError(
                f"{relation.name} lacks {', '.join(missing)}: renamed or removed at the source"
            )
        time = relation.types[self.order[0]]
        if not time.startswith("timestamp"):
            raise UsageError(
                f"{self.order[0]} of {relation.name} is {time}: to be followed, a table needs a "
                "time that every change of a row sets. Name it as the event time, or take windows."
            )
        local = "without" in time and self.zone != "UTC"
        return self.overlap + timedelta(hours=local)

    def _coming(
        self, session: PostgresSession, relation: PostgresRelation, ranges: Sequence[Rows]
    ) -> list[Rows]:
        """What is behind the last range. A row whose time is not yet there waits for it."""
        time, *key = names = [quoted(name) for name in self.order]
        zoned = "with time zone" in relation.types[self.order[0]]
        now = "now()" if zoned else f"now() AT TIME ZONE {constant(self.zone)}"
        odd = f"{time} IS NULL OR {time} > {now} OR {time} < '{FIRST}'"
        if waiting := session.query(f"SELECT count(*) FROM {relation.name} WHERE {odd}")[0][0]:
            why = "no time, or one to come or before all years"
            log.warning("%s: %s rows wait: %s", relation.name, waiting, why)
        wanted = [
            f"{time} >= '{FIRST}'",
            f"{time} <= {now}",
            *(f"{one} IS NOT NULL" for one in key),
        ]
        wanted += [relation.behind(one) for one in ranges[-1:]]
        place = ", ".join(f"{name} AS _{n}" for n, name in enumerate(names))
        row = f"row_number() OVER (ORDER BY {', '.join(names)}) AS _row, count(*) OVER () AS _all"
        rows = f"SELECT {place}, {row} FROM {relation.name} WHERE {' AND '.join(wanted)}"
        texts = ["to_char(_0, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"]
        texts += [f"CAST(_{n} AS text)" for n in range(1, len(names))]
        last = f"_row % {self.most} = 0 OR _row = _all ORDER BY _row"
        query = f"SELECT {', '.join(texts)} FROM ({rows}) AS numbered WHERE {last}"
        first, after = (ranges[-1].number + 1, ranges[-1].upto) if ranges else (0, ())
        found = list[Rows]()
        for number, upto in enumerate(session.query(query), first):
            found.append(Rows(self.table, self.order, number, after, upto))
            after = upto
        return found

    def _contents(
        self, session: PostgresSession, relation: PostgresRelation, ranges: Sequence[Rows]
    ) -> dict[str, str]:
        """The rows of ranges, in short, by their names."""
        found = dict[str, str]()
        for start in range(0, len(ranges), AT_ONCE):
            each = (
                f"SELECT {constant(one.name)}, concat_ws(':', {one.number}, count(*), sum({HASH})) "
                f"FROM {relation.name} AS one WHERE {relation.within(one)}"
                for one in ranges[start : start + AT_ONCE]
            )
            found |= dict(session.query(" UNION ALL ".join(each)))
        return found


def within(some: Sequence[Rows], ranges: Sequence[Rows], late: timedelta) -> list[Rows]:
    """Those that rows may still come to: they end at most so long before the last range does."""
    return [one for one in some if one.end >= ranges[-1].end - late]
