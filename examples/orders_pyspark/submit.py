"""For spark-submit, which starts a file: the same commands as `python -m orders`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "src"))

from orders.__main__ import main  # noqa: E402  # found by the line before

main()
