"""Logs that a person reads in a terminal, or a machine as one JSON object a line."""

import logging
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

LINE = "%(asctime)s %(levelname)-7s %(message)s"


def set_up(form: Literal["text", "json"]) -> None:
    """Log to stderr, so that stdout holds results only."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(LINE) if form == "json" else logging.Formatter(LINE))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
