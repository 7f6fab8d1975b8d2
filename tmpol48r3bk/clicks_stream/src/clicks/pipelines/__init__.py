"""All pipelines of this project, by name."""

from collections.abc import Callable

from ..core.pipeline import Pipeline
from ..core.settings import Settings
from .clicks.pipeline import (
    pipeline as clicks,
)

PIPELINES: dict[str, Callable[[Settings], Pipeline]] = {
    "clicks": clicks,
}
