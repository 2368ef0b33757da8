"""Rows a second of ``outtrade dataset``: the scripted models on the flagship pair, and how much of it is making rows.

python bench/dataset.py
"""

from __future__ import annotations

import time

from outtrade import suites
from outtrade.dataset.build import Told, build
from outtrade.dataset.rows import encode
from outtrade.engine.run import run
from outtrade.targets import resolve

SCENARIOS = 10


def main() -> None:
    suite, target = suites.load(), resolve("agent:httpx")
    began = time.perf_counter()
    histories = [run(target, suite.scenario("binance_spot", 1, index)) for index in range(SCENARIOS)]
    ran = time.perf_counter() - began
    began, rows, size = time.perf_counter(), 0, 0
    for number, history in enumerate(histories):
        built = build(Told(history, "agent:httpx", "fault", str(number), str(number)), suite.properties)
        for row in (built.row, *built.orders):
            rows, size = rows + 1, size + len(encode(row))
    made = time.perf_counter() - began
    print(f"run {SCENARIOS} scenarios: {ran:.2f} s")
    print(f"judge and make {rows} rows: {made:.2f} s, {rows / made:.0f} rows/s, {size / rows / 1024:.1f} KiB each")
    print(f"all together: {rows / (made + ran):.1f} rows/s")


if __name__ == "__main__":
    main()
