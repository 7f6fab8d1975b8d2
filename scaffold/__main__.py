"""`scaffold` and `python -m scaffold`."""

import sys


def main() -> None:
    """Ends the process with the command's exit code, also where Ctrl-C comes while it starts."""
    try:
        from scaffold.cli import run  # noqa: PLC0415

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
