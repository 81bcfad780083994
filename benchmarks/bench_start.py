"""How long a reader waits for Python: the import, and a cluster that is ready."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.measured import Measured

RUNS = 9


def measure() -> Iterator[Measured]:
    """Fresh interpreters, the median of nine; the bare interpreter's own start is taken off."""
    bare = milliseconds("pass")
    yield Measured("bare interpreter", bare, "ms")
    yield Measured("import minikafka", milliseconds("import minikafka") - bare, "ms", goal=60)
    ready = "from minikafka import Cluster; Cluster()"
    yield Measured("Cluster() ready, interpreter included", milliseconds(ready), "ms", goal=250)
    yield Measured("foreign packages imported by it", foreign_packages(ready), "packages", 0, depends_on_machine=False)


def milliseconds(code: str) -> float:
    """Wall time of an interpreter that runs the code, the median of several."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append((time.perf_counter() - began) * 1000)
    return median(times)


def foreign_packages(code: str) -> int:
    """Top-level packages the code imports that are neither Python's nor ours; crc32c, the extra `fast`, is allowed."""
    counted = (
        "import sys; before = set(sys.modules)\n"
        f"{code}\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(len(new - sys.stdlib_module_names - {'minikafka', 'crc32c'}))"
    )
    return int(subprocess.run([sys.executable, "-c", counted], check=True, capture_output=True, text=True).stdout)
