#!/usr/bin/env python3
"""Ask three backends the same, and write down what they answer.

    python tools/agreement.py                     all scripts on all three; takes minutes, needs Java 17 and Maven
    python tools/agreement.py --only 06_two_leaders --on simulation
    python tools/agreement.py --page              docs/agreement.md from docs/agreement/*.json
    python tools/agreement.py --check             unexplained differences; 1 if there is one
    python tools/agreement.py --ask 01_log        what `serve` answers to one script, as JSON; nothing is kept

A simulated answer has no date of its own: it is the same every day. It is dated all the same, so that one sees when it
was last compared.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import apache_kafka
import confluent_kafka
from lab import compare, scripts_groups, scripts_logs, scripts_replication
from lab.base import Lab, LabError, Script
from lab.oracle import OracleLab
from lab.served import ServedLab
from lab.simulated import SimulatedLab

import minikafka

SCRIPTS: tuple[Script, ...] = (*scripts_logs.SCRIPTS, *scripts_replication.SCRIPTS, *scripts_groups.SCRIPTS)
VERSIONS = {
    "Apache Kafka": apache_kafka.VERSION,
    "confluent-kafka": confluent_kafka.__version__,
    "minikafka": minikafka.__version__,
}


def answers_of(backend: str, script: Script) -> dict[str, Any]:
    """Play a script on a cluster of its own, in the simulation or on `serve`."""
    if backend == "simulation":
        lab = SimulatedLab()
        return compare.plain(script.play(lab))
    with ServedLab() as served:
        return compare.plain(script.play(served))


@contextmanager
def oracle_or_none(backend: str) -> Iterator[OracleLab | None]:
    """One Apache Kafka for all scripts, where it is wanted."""
    with OracleLab() if backend == compare.ORACLE else nullcontext() as lab:
        yield lab


def record(backend: str, scripts: list[Script], date: str) -> int:
    """Play scripts on one backend and keep the answers; returns how many did not come to an end."""
    failed = 0
    with oracle_or_none(backend) as oracle:
        for script in scripts:
            try:
                answers = answers_of(backend, script) if oracle is None else compare.plain(script.play(oracle))
            except LabError as problem:
                print(f"agreement: {script.id}: {problem}", file=sys.stderr)
                failed += 1
            else:
                compare.keep(script, backend, answers, date, VERSIONS)
                print(f"{backend}: {script.id}", flush=True)
            if oracle is not None:
                oracle.mend()
    return failed


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description="The same lab on three backends.")
    parser.add_argument("--only", action="append", default=[], metavar="SCRIPT", choices=[one.id for one in SCRIPTS])
    parser.add_argument("--on", action="append", default=[], choices=compare.BACKENDS)
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--ask", metavar="SCRIPT", choices=[one.id for one in SCRIPTS])
    options = parser.parse_args()
    if options.ask:
        (script,) = (one for one in SCRIPTS if one.id == options.ask)
        print(json.dumps(answers_of("serve", script)))
        return 0
    failed = 0
    if not options.page and not options.check:
        wanted = [one for one in SCRIPTS if not options.only or one.id in options.only]
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        failed = sum(record(backend, wanted, today) for backend in options.on or compare.BACKENDS)
    found = [one for script in SCRIPTS for one in compare.complaints(script)]
    print(*found, sep="\n", file=sys.stderr)
    if not options.check and not found:
        compare.PAGE.write_text(compare.page(SCRIPTS), encoding="utf-8")
    return 1 if failed or found else 0


__all__ = ["SCRIPTS", "Lab", "answers_of", "main"]

if __name__ == "__main__":
    sys.exit(main())
