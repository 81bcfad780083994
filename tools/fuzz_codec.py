"""The codec, fed with bytes that are led towards code which nothing has reached yet (atheris, that is libFuzzer).

    python tools/fuzz_codec.py [--executions 100000] [--seed 2026]        needs: pip install 'minikafka-course[fuzz]'

    which API, version, direction (2 bytes) │ a message, or what a mutation has made of one

* Whatever comes, the decoder returns a message or raises `CodecError`: nothing else, in time, and without much memory.
* What was decoded can be encoded; decoded again it is the same message, and encoded again the same bytes.
* A frame with its header is read as the server reads it, and records as a broker and a consumer do: the batch with its
  checksum put right, or nothing would ever come behind it; and there `CorruptBatch` is the one complaint.

It begins with a right message of each kind. What reaches new code is kept for as long as this runs.
"""

from __future__ import annotations

import argparse
import atexit
import importlib.util
import random
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

MISSING = "atheris is not installed: pip install 'minikafka-course[fuzz]' (Linux, CPython 3.11 to 3.13)"
LIMITS = {"max_len": 4_096, "rss_limit_mb": 1_024, "timeout": 10}
"""Of one input: bytes, memory, seconds."""
REACHED = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)/")
DONE = re.compile(r"Done (\d+) in \d+ second")


def is_here() -> bool:
    """Can it be run?"""
    return importlib.util.find_spec("atheris") is not None


def fuzz(seed: int, executions: int) -> dict[str, Any]:
    """Run it in a process of its own; raises `AssertionError` with the input when something is not as it should be."""
    with tempfile.TemporaryDirectory(prefix="mk-") as folder:
        command = [sys.executable, __file__, "--inside", folder, "--executions", str(executions), "--seed", str(seed)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    ended, reached = DONE.search(done.stderr), REACHED.findall(done.stderr)
    assert done.returncode == 0 and ended and reached, f"seed {seed}: {done.stderr[-3_000:]}"
    coverage, _, kept = map(int, reached[-1])
    return {"executions": int(ended[1]), "coverage": coverage, "kept": kept}


# --- in its own process -----------------------------------------------------------------------------------------------


def inside(folder: Path, seed: int, executions: int) -> None:
    """Never returns: libFuzzer ends the process."""
    import atheris
    import fuzz_one

    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)  # libFuzzer's own alarm, or it rings when all is done
    fuzz_one.instrument(atheris.instrument_func)
    for name, data in fuzz_one.right_ones(random.Random(seed)):
        (folder / name).write_bytes(data)
    words = {"atheris_runs": executions, "seed": seed, **LIMITS}
    atheris.Setup([sys.argv[0], *(f"-{name}={value}" for name, value in words.items()), str(folder)], fuzz_one.judge)
    atheris.Fuzz()


if __name__ == "__main__":
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--executions", type=int, default=100_000)
    said.add_argument("--seed", type=int, default=2026)
    said.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = said.parse_args()
    if options.inside:
        inside(options.inside, options.seed, options.executions)
    elif not is_here():
        raise SystemExit(MISSING)
    print(fuzz(options.seed, options.executions))
