"""Runs one program and prints what it took, as JSON. Small, because a child's peak begins at its parent's."""

import json
import os
import subprocess
import sys
import time

started = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
wall = time.perf_counter() - started
child.returncode = os.waitstatus_to_exitcode(status)
kilo = 1 if sys.platform == "darwin" else 1024  # `ru_maxrss` is bytes there, kilobytes elsewhere
print(
    json.dumps(
        {
            "code": child.returncode,
            "wall": wall,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak": usage.ru_maxrss * kilo,
        }
    )
)
