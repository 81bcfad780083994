"""The long share of the proof: what no test run has the time for. Writes its tables to docs/proof.md.

    python tools/proof.py [--schedules 10000] [--limit 10000] [--seeds 1000] [--seed 2026] [--jobs 2]

* Every profile is explored without a planted fault: no promise may break (false alarms).
* Every planted fault is looked for with a seed declared beforehand, in all profiles in turn, and what is found is made
  as short as it gets. What was found is kept in `build/planted_faults.json`, so that an interrupted search goes on; and
  in `tests/engine/found_by_chance.json`, from where `make test` plays exactly the schedules that found something.
* The same schedules are played in two processes with different hash seeds: the traces are the same to the byte.
* A small world is looked at whole, with the rule before KIP-101 and with the engine as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from minikafka.sim import exhaustive, explorer, mutants, profiles
from minikafka.sim.checkers import by_promise
from minikafka.sim.exhaustive import Scope
from minikafka.sim.explorer import Exploration
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.schedule import play
from minikafka.sim.substitute import substituted

PAGE = ROOT / "docs" / "proof.md"
KEPT = ROOT / "build" / "planted_faults.json"
FOUND = ROOT / "tests" / "engine" / "found_by_chance.json"
STAGES = (25, 100, 400, 1_000, 2_000, 5_000, 10_000)
"""So many schedules of each profile are played before the next profile gets its turn."""
Row = dict[str, Any]
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


def look_for(name: str, seed: int, limit: int, played: int) -> Row:
    """Play schedules with this fault planted until one breaks a promise: the first of the first profile that does.

    The first `played` of each profile have been played before, and broke none.
    """
    one = mutants.mutant(name)
    for stage in [*(stage for stage in STAGES if played < stage < limit), limit]:
        for profile in profiles.PROFILES:
            outcome = explorer.play_numbers(profile, seed, range(played, stage), one.replaces)[-1]
            if outcome.violation is not None:
                found = Exploration(profile, seed, failing=outcome.number, violation=outcome.violation)
                small, run = explorer.shortest(found, one.replaces)
                broken = run.violation or outcome.violation
                return {
                    "fault": name, "seed": seed, "profile": profile.name, "number": outcome.number,
                    "promise": broken.promise, "sentence": broken.sentence, "entries": len(small),
                    "schedule": explorer.tell(small),
                }  # fmt: skip
        played = stage
    return {"fault": name, "seed": seed, "profile": "", "number": limit}


def planted_faults(options: argparse.Namespace, pool: ProcessPoolExecutor) -> Iterator[str]:
    """A row for each mutant, and how many there are of each sort."""
    rows = _search(options, pool)
    yield "| planted fault | what its author believed | promise | profile | schedules to find | entries when shrunk |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for one in mutants.MUTANTS:
        row = rows[one.name]
        if row["profile"]:
            where = f"{row['promise']} | {row['profile']} | {row['number'] + 1:,} | {row['entries']}"
        else:
            where = f"{one.promise} | its own schedule | not in {row['number']:,} | {_own_entries(one) or ''}"
        yield f"| {one.name} | {one.belief} | {where} |"
    yield ""
    yield _summary(rows)
    yield ""
    yield from (f"* **{one.name}**: {one.story}" for one in mutants.MUTANTS if one.story)


def _search(options: argparse.Namespace, pool: ProcessPoolExecutor) -> dict[str, Row]:
    kept: dict[str, Row] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    wanted = [one.name for one in mutants.MUTANTS if not _is_answered(kept.get(one.name), options)]
    before = {name: row["number"] for name, row in kept.items() if row["seed"] == options.seed}
    calls = [pool.submit(look_for, name, options.seed, options.limit, before.get(name, 0)) for name in wanted]
    for call in calls:
        row = call.result()
        kept[row["fault"]] = row
        print(json.dumps(row), flush=True)
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    rows = {one.name: kept[one.name] for one in mutants.MUTANTS}
    found = [row for row in rows.values() if row["profile"]]
    FOUND.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return rows


def _is_answered(row: Row | None, options: argparse.Namespace) -> bool:
    return row is not None and row["seed"] == options.seed and (bool(row["profile"]) or row["number"] >= options.limit)


def _own_entries(one: Mutant) -> int:
    """Length of the mutant's own schedule that finds it."""
    for lines in one.schedules:
        with substituted(one.replaces):
            if play(one.setup, lines, by_promise(one.promise)).violation is not None:
                return len(lines)
    return 0


def _summary(rows: dict[str, Row]) -> str:
    found = [row for row in rows.values() if row["profile"]]
    broken = Counter(row["promise"] for row in found)
    quick = sum(row["number"] < 1_000 for row in found)
    short = sum(row["entries"] <= 15 for row in found)
    return (
        f"{len(rows)} planted faults: {len(found)} found by random schedules, {quick} of them within 1,000; "
        f"{len(rows) - len(found)} by their own schedules only. {short} of the {len(found)} shrink to at most 15 "
        f"entries. Broken promises: {', '.join(f'{name} {count}' for name, count in sorted(broken.items()))}."
    )


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
