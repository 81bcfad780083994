"""The commands that look for broken promises: `minikafka explore` and `minikafka mutants`.

What is found is handed over as a trace, and as a page that opens where the promise broke.

What they explore is in `sim/profiles.py`, what they plant in `sim/mutants/`. Only here processes are started and a
clock is read, to say how many schedules a minute were played.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from minikafka.config import ConfigError
from minikafka.sim import explorer, mutants, profiles
from minikafka.sim.explorer import Exploration
from minikafka.stage.page import page


def explore(options: argparse.Namespace) -> int:
    """Play random schedules under every promise of a profile; 1 if one is broken."""
    profile = profiles.profile(options.profile)
    replaced = mutants.mutant(options.mutant).replaces if options.mutant else {}
    for name in ("schedules", "jobs"):
        if getattr(options, name) < 1:
            raise ConfigError(f"--{name} is {getattr(options, name)}, but must be at least 1.")
    began = time.monotonic()
    if options.jobs == 1:
        found = explorer.explore(profile, options.schedules, options.seed, replaced=replaced)
    else:
        with ProcessPoolExecutor(options.jobs) as pool:
            found = explorer.explore(
                profile, options.schedules, options.seed, replaced=replaced, executor=pool, at_once=2 * options.jobs
            )
    seconds = time.monotonic() - began
    _tell_details(found)
    failed = found.failing is not None or bool(found.never_judged)
    if found.failing is not None:
        _tell_failure(found, replaced, options.trace)
    print(last_line(found, seconds))
    return 1 if failed else 0


def last_line(found: Exploration, seconds: float) -> str:
    """Schedules, events, faults, violations, schedules a minute."""
    rate = found.schedules / max(seconds, 0.001) * 60
    return (
        f"{found.schedules:,} schedules, {found.events:,} events, {found.faults.total():,} faults, "
        f"{int(found.failing is not None)} violations, {rate:,.0f} schedules a minute"
    )


def _tell_details(found: Exploration) -> None:
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in found.faults.most_common())
    judged = ", ".join(f"{name} {count:,}" for name, count in sorted(found.premises.items()))
    print(f"profile {found.profile.name}, seed {found.seed}: {found.profile.about}")
    print(f"faults: {kinds or 'none'}; heartbeats: {found.heartbeats:,}")
    print(f"judged: {judged}")
    if found.losses_beyond_promise:
        print(f"losses beyond the promise, blamed on nobody: in {found.losses_beyond_promise:,} schedules")
    if found.never_judged:
        print(f"never had anything to judge, which is no evidence: {', '.join(found.never_judged)}")


def _tell_failure(found: Exploration, replaced: explorer.Replaced, file: Path | None) -> None:
    violation = found.violation
    assert violation is not None, "there is something to tell"
    small, run = explorer.shortest(found, replaced)
    if run.violation is None:
        _, small, run = explorer.replay(found, replaced)
    broken = run.violation or violation
    print(f"{broken.promise} {broken.name}, schedule {found.failing}: {broken.sentence}")
    for entry in small:
        print(f"{entry.at_ms:8} ms  {entry}")
    where = file or Path(f"explore-{found.profile.name}-{found.seed}-{found.failing}.json")
    trace = run.trace(scenario="", title=f"{broken.promise} {broken.name} is broken", moral=broken.sentence)
    where.write_text(json.dumps(trace.to_json(), separators=(",", ":")), encoding="utf-8")
    print(f"trace: {where}")
    shown = where.with_suffix(".html")
    shown.write_text(page(trace, step=broken.step), encoding="utf-8")
    print(f"in the player, at step {broken.step}: {shown.resolve().as_uri()}")


def list_mutants() -> int:
    """One planted fault a line: its name, the promise it breaks, what its author believed."""
    for one in mutants.MUTANTS:
        print(f"{one.name:28} {one.promise:4} {one.belief}")
    return 0
