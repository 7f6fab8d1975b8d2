"""All pipelines of this project, by name."""

from collections.abc import Callable

from ..core.pipeline import Pipeline
from ..core.settings import Settings
from .accounts.pipeline import (
    pipeline as accounts,
)
from .rates.pipeline import (
    pipeline as rates,
)

PIPELINES: dict[str, Callable[[Settings], Pipeline]] = {
    "accounts": accounts,
    "rates": rates,
}
