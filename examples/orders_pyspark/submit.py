"""For spark-submit, which starts a file: the same commands as `python -m orders`."""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "src"))
runpy.run_module("orders", run_name="__main__")
