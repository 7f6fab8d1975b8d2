"""When a stop is heard: Ctrl-C, or a scheduler's SIGTERM.

A stop is a KeyboardInterrupt, and what was begun is put back on the way out. Once it is done, it would not be true that
nothing was written: from `hold` on a stop waits, until what was done is said or the command ends.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

_BOTH = (signal.SIGINT, signal.SIGTERM)
_NUMBERS = (*_BOTH, signal.SIGALRM)


class _Late:
    """Hears a stop that comes too late."""

    came = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True


def listen() -> None:
    """A scheduler's stop is like Ctrl-C."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGALRM, _stop)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def hold() -> None:
    """Nothing is stopped from here on. What does not `listen`, such as a process of a fleet's, is left as it is."""
    if signal.getsignal(signal.SIGTERM) is _stop:
        late = _Late()
        for number in _NUMBERS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, late)


def release() -> None:
    """Stops are heard again, and one that came meanwhile is."""
    late = signal.getsignal(signal.SIGTERM)
    if isinstance(late, _Late):
        if signal.getsignal(signal.SIGINT) is late:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        listen()
        if late.came:
            raise KeyboardInterrupt


def is_waiting() -> bool:
    """Whether a stop came that is held."""
    late = signal.getsignal(signal.SIGTERM)
    return isinstance(late, _Late) and late.came


class _Deaf:
    """Whether stops are not heard at the moment."""

    now = False


def are_ignored() -> bool:
    """Whether what is started must not hear Ctrl-C either. That it is ignored is inherited, but git hears it anyway."""
    return _Deaf.now


@contextmanager
def deaf(numbers: Sequence[signal.Signals] = _BOTH) -> Iterator[None]:
    """Neither is heard here, nor ever by what is started here: a terminal tells Ctrl-C to all."""
    heard = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    before, _Deaf.now = _Deaf.now, True
    try:
        yield
    finally:
        _Deaf.now = before
        for number, handler in heard.items():
            signal.signal(number, handler)
