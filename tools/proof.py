"""The long share of the proof: what no test run has the time for. Writes its tables to docs/proof.md.

    python tools/proof.py [--schedules 10000] [--limit 10000] [--seeds 1000] [--seed 2026] [--jobs 2]

* Every profile is explored without a planted fault: no promise may break (false alarms).
* Every planted fault is looked for with seeds declared beforehand, and what is found is made as short as it gets.
* The same schedules are played in two processes with different hash seeds: the traces are the same to the byte.
* A small world is looked at whole, with the rule before KIP-101 and with the engine as it is.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from minikafka.sim import exhaustive, explorer, mutants, profiles
from minikafka.sim.exhaustive import Scope
from minikafka.sim.substitute import substituted

PAGE = ROOT / "docs" / "proof.md"
DIGESTS = """
from minikafka.sim import checkers, explorer, profiles
for number in range({seeds}):
    profile = profiles.PROFILES[number % len(profiles.PROFILES)]
    run, _ = explorer.play_number(profile, {seed}, number, checkers.fresh(profile.checkers))
    print(run.trace().digest())
"""


def false_alarms(options: argparse.Namespace, pool: ProcessPoolExecutor) -> Iterator[str]:
    """A row for each profile."""
    yield "| profile | seed | schedules | events | faults | violations | schedules a minute |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for profile in profiles.PROFILES:
        began = time.monotonic()
        found = explorer.explore(profile, options.schedules, options.seed, executor=pool, at_once=2 * options.jobs)
        rate = found.schedules / (time.monotonic() - began) * 60
        broken = "0" if found.violation is None else f"schedule {found.failing}: {found.violation.promise}"
        unjudged = f"; never judged: {', '.join(found.never_judged)}" if found.never_judged else ""
        yield (
            f"| {profile.name} | {found.seed} | {found.schedules:,} | {found.events:,} | {found.faults.total():,} "
            f"| {broken}{unjudged} | {rate:,.0f} |"
        )


def planted_faults(options: argparse.Namespace, pool: ProcessPoolExecutor) -> Iterator[str]:
    """A row for each mutant: the first profile that finds it, after how many schedules, and how short it gets."""
    yield "| planted fault | what its author believed | found by | profile | schedules to find | entries when shrunk |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for one in mutants.MUTANTS:
        for profile in profiles.PROFILES:
            found = explorer.explore(
                profile, options.limit, options.seed, replaced=one.replaces, executor=pool, at_once=2 * options.jobs
            )
            if found.violation is not None:
                small, _ = explorer.shortest(found, one.replaces)
                by = f"{found.violation.promise} {found.violation.name}"
                yield f"| {one.name} | {one.belief} | {by} | {profile.name} | {found.schedules:,} | {len(small)} |"
                break
        else:
            yield f"| {one.name} | {one.belief} | nothing yet | all | over {options.limit:,} | |"


def determinism(options: argparse.Namespace) -> str:
    """One sentence: are the traces of two processes the same?"""
    program = DIGESTS.format(seeds=options.seeds, seed=options.seed)
    said = []
    for hash_seed in ("1", "4242"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
        )
        said.append(done.stdout.split())
    same = sum(one == other for one, other in zip(*said, strict=True))
    where = "in two processes with different hash seeds"
    return f"{same:,} of {options.seeds:,} traces are the same, to the byte, {where}."


def small_worlds(options: argparse.Namespace) -> Iterator[str]:
    """A line for each scope."""
    scope = Scope(sends=2, faults=2, restarts=False)
    with substituted(mutants.mutant("cut_to_mark_when_following").replaces):
        yield f"* The rule before KIP-101. {exhaustive.search(scope)}"
    yield f"* The engine as it is. {exhaustive.search(scope)}"


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=10_000, help="for false alarms, in each profile")
    parser.add_argument("--limit", type=int, default=10_000, help="for each planted fault, in each profile")
    parser.add_argument("--seeds", type=int, default=1_000, help="traces that are compared")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs) as pool:
        sections = [
            ("False alarms", false_alarms(options, pool)),
            ("Planted faults", planted_faults(options, pool)),
            ("The same seed, the same bytes", iter([determinism(options)])),
            ("Small worlds, looked at whole", small_worlds(options)),
        ]
        lines = ["# The proof", "", "Written by `make proof`; nothing here is written by hand.", ""]
        for title, content in sections:
            lines += [f"## {title}", ""]
            for line in content:
                print(line, flush=True)
                lines.append(line)
            lines.append("")
    PAGE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
