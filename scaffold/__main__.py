"""`scaffold` and `python -m scaffold`."""

import signal
import sys
from types import FrameType


def main() -> None:
    """Ends the process with the command's exit code, also where a scheduler ends it."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        from scaffold.cli import run  # noqa: PLC0415 - Ctrl-C while this is imported is Ctrl-C, too

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Like Ctrl-C: what was begun is tidied up on the way out."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
