"""Objects of a bucket as a source: what matches is listed for each unit, and read from copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..core.contract import Contract
from ..core.engine import Connection
from ..core.units import Request
from .bucket import needed
from .files import Files
from .object_copies import Copies


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects(Files):
    """Files that come from a bucket: whatever holds for files in a folder holds for these.

    A copy is of one version of an object, so that a read never sees two. Before any unit a store
    that does not answer is a missing service; in one it fails that unit, once retries are over.
    """

    copies: Copies

    def ready(self, as_of: datetime, contract: Contract) -> None:
        """Raise if the store does not answer, or refuses."""
        with needed():
            self.copies.reach()

    def select(self, con: Connection, request: Request, contract: Contract) -> str:
        with needed():
            return Files.select(self, con, request, contract)

    @property
    def _folder(self) -> str:
        return str(self.copies.folder)

    def _paths(self, request: Request) -> Sequence[str]:
        if request.paths is not None:
            return request.paths
        return self.copies.renewed(newest=self.take == "newest")
