"""Runs every `bench_*.py` beside it and prints what it measured, with this machine's calibration.

    make bench                      all
    make bench ARGS="start site"    some

A benchmark is a module with `measure()`, which yields `Measured` values. Compare two machines by the last column: the
figure with the machine's own speed taken out, so that a slow laptop and a fast server tell the same story.
"""

from __future__ import annotations

import importlib
import platform
import sys
import time
from pathlib import Path

from benchmarks.measured import Measured

# What the loop below takes on the machine the goals were set on.
CALIBRATION_MS = 100.0
HERE = Path(__file__).resolve().parent


def calibration_ms() -> float:
    """How long this machine takes for a fixed piece of plain Python; the best of five."""
    return min(one_calibration() for _ in range(5))


def one_calibration() -> float:
    """Dictionary, integer and attribute work, as the core does it."""
    began = time.perf_counter()
    counts: dict[int, int] = {}
    for number in range(600_000):
        counts[number & 1023] = counts.get(number & 1023, 0) + number
    return (time.perf_counter() - began) * 1000


def line(measured: Measured, slowness: float) -> str:
    """One row: what, the figure, the goal, and the figure on a machine of calibration speed."""
    goal = "" if measured.goal is None else f"{measured.better} {measured.goal:g}"
    steady = {"at most": measured.value / slowness, "at least": measured.value * slowness}[measured.better]
    calibrated = figure(steady) if measured.depends_on_machine else "="
    mark = " " if measured.met else "!"
    return f"{mark} {measured.what:<46}{figure(measured.value):>12} {measured.unit:<10}{goal:<18}{calibrated:>12}"


def figure(value: float) -> str:
    """Four digits are all that a measurement carries."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def main(wanted: list[str]) -> int:
    """Print a table; always 0 unless a benchmark cannot run."""
    slowness = calibration_ms() / CALIBRATION_MS
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.machine()}")
    print(f"calibration: this machine takes {slowness:.2f} of the reference time; `!` marks a goal not met\n")
    print(f"  {'what':<46}{'measured':>12} {'unit':<10}{'goal':<18}{'calibrated':>12}")
    for path in sorted(HERE.glob("bench_*.py")):
        name = path.stem.removeprefix("bench_")
        if not wanted or name in wanted:
            for measured in importlib.import_module(f"benchmarks.{path.stem}").measure():
                print(line(measured, slowness), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
