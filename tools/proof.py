"""The long share of the proof: what no test run has the time for. Writes its tables to docs/proof.md.

    python tools/proof.py [--part PART]... [--minutes 30] [--jobs 2] [--seed 2026] [--schedules 10000] [--limit 10000]

* `false_alarms`: every profile is explored without a planted fault: no promise may break.
* `mutants`: every planted fault is looked for with a seed declared beforehand, in all profiles in turn, and what is
  found is made as short as it gets. Once all are answered, `tests/engine/found_by_chance.json` has what was found, from
  where `make test` plays exactly these schedules.
* `determinism`: the same schedules in two processes with different hash seeds: the same bytes.
* `pyodide`: the same in a browser's Python.
* `exhaustive`: small worlds looked at whole: with the rule before KIP-101, with the engine as it is, and whether an
  acknowledged record can be lost by one cut and one power loss.
* `killed`: SIGKILL of a server under load, at random moments (`kill_drill.py`).
* `malformed`: frames that nobody should send, against a server that others use meanwhile (`frame_storm.py`).
* `fuzz`: the codec, fuzzed where its coverage leads (`fuzz_codec.py`); needs `pip install 'minikafka-course[fuzz]'`.

What is found is kept in `build/proof/`, a file for each part: an interrupted part goes on where it was, as long as the
engine's source and the options are the same. `--minutes` bounds each part; the page says how far it came. A part that
never ran on this machine keeps on the page what another one has found.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import frame_storm
import fuzz_codec
import kill_drill
import proof_page
from proof_page import FOUND, KEPT, State

from minikafka.sim import exhaustive, explorer, mutants, profiles
from minikafka.sim.checkers import by_promise
from minikafka.sim.exhaustive import Scope
from minikafka.sim.explorer import Exploration
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.schedule import Setup, play
from minikafka.sim.substitute import substituted

STAGES = (25, 100, 400, 1_000, 2_000, 5_000, 10_000)
"""So many schedules of each profile are played before the next profile gets its turn."""
KILLS_OF_ONE = 10
"""SIGKILLs of one server on one directory."""
FRAMES_OF_ONE = 1_000
"""Malformed frames for one server."""
EXECUTIONS_OF_ONE = 100_000
"""Inputs of one fuzzing."""
TURN = 25
"""Schedules that are played before somebody looks at the clock."""
PYODIDE = "pyodide@314.0.7"
TWO_AND_TWO = Scope(sends=2, faults=2, restarts=False)
LOSE_ONE = Scope(sends=1, faults=2, verbs=("cut_brokers", "power_loss"), each_once=True, losses=True)
SMALL_WORLDS = {
    "kip-101": (TWO_AND_TWO, "cut_to_mark_when_following"),
    "as it is": (TWO_AND_TWO, ""),
    "one copy": (replace(LOSE_ONE, setup=Setup(min_isr=1)), ""),
    "two copies": (LOSE_ONE, ""),
}
"""Scopes that are looked at whole, and the fault that is planted there."""
DIGESTS = """
from minikafka.sim import checkers, explorer, profiles
for number in range({first}, {last}):
    profile = profiles.PROFILES[number % len(profiles.PROFILES)]
    run, _ = explorer.play_number(profile, {seed}, number, checkers.fresh(profile.checkers))
    print(run.trace().digest())
"""
Unit = tuple[str, Callable[..., Any], tuple[Any, ...]]
"""A piece of work that is kept when done: its key, and what to call."""


# --- how every part runs ---


def go_through(state: State, units: Iterable[Unit], pool: Any, at_once: int, deadline: float) -> None:
    """Do what is not done yet, a few at a time and in order; take up nothing new after the deadline."""
    waiting: deque[tuple[str, Any]] = deque()

    def take_one() -> None:
        key, future = waiting.popleft()
        state.keep(key, future.result())

    for key, function, arguments in units:
        if time.time() >= deadline:
            break
        waiting.append((key, pool.submit(function, *arguments)))
        if len(waiting) >= at_once:
            take_one()
    while waiting:
        take_one()


def conditions(options: argparse.Namespace) -> dict[str, Any]:
    """What stands with every figure."""
    return {
        "seed": options.seed,
        "date": date.today().isoformat(),
        "cores": os.cpu_count(),
        "jobs": options.jobs,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


# --- false alarms ---


def false_alarms(options: argparse.Namespace, state: State, pool: Any, deadline: float) -> None:
    """Each profile, in turns of some schedules; a profile in which a promise broke is not gone on with."""
    units = (
        (f"{profile.name}/{first}", play_turn, (profile.name, options.seed, first, min(first + TURN, last)))
        for profile, first, last in _turns_of_profiles(options.schedules)
        if f"{profile.name}/{first}" not in state.done and not broken_in(state, profile.name)
    )
    go_through(state, units, pool, 2 * options.jobs, deadline)


def _turns_of_profiles(schedules: int) -> Iterator[tuple[profiles.Profile, int, int]]:
    """Profiles side by side, so that a part that was cut short has looked at all of them."""
    for first in range(0, schedules, TURN):
        for profile in profiles.PROFILES:
            yield profile, first, schedules


def broken_in(state: State, profile: str) -> bool:
    """Has a promise broken in this profile?"""
    return any(turn["broken"] for key, turn in state.done.items() if key.partition("/")[0] == profile)


def play_turn(name: str, seed: int, first: int, last: int) -> dict[str, Any]:
    """Play these schedules of a profile: what to add to its row."""
    profile, began = profiles.profile(name), time.process_time()
    found = Exploration(profile, seed)
    for outcome in explorer.play_numbers(profile, seed, range(first, last), {}):
        found.add(outcome)
    return {
        "schedules": found.schedules, "events": found.events, "faults": dict(found.faults),
        "premises": dict(found.premises), "beyond": found.losses_beyond_promise, "failing": found.failing,
        "broken": asdict(found.violation) if found.violation else None, "seconds": time.process_time() - began,
    }  # fmt: skip


# --- planted faults ---


def planted_faults(options: argparse.Namespace, state: State, pool: Any, deadline: float) -> None:
    """Each fault from where its search was left; all a little, then those that were not found a little more."""
    for stage in stages(options.limit):
        asked = [one.name for one in mutants.MUTANTS if not is_answered(state.done.get(one.name))]
        how = (options.seed, options.limit)
        units = ((name, look_for, (name, *how, state.done.get(name), deadline, stage)) for name in asked)
        go_through(state, units, pool, 2 * options.jobs, deadline)
    if all(is_answered(state.done.get(one.name)) for one in mutants.MUTANTS):
        found = [state.done[one.name] for one in mutants.MUTANTS if state.done[one.name]["profile"]]
        kept = [{key: value for key, value in row.items() if key in FOUND} for row in found]
        proof_page.write_json(ROOT / "tests" / "engine" / "found_by_chance.json", kept)


def is_answered(row: dict[str, Any] | None) -> bool:
    """Found, or looked for up to the limit."""
    return row is not None and (bool(row["profile"]) or bool(row["complete"]))


def stages(limit: int) -> list[int]:
    """How far the search goes in each profile before the next round."""
    return [*(stage for stage in STAGES if stage < limit), limit]


def turns(limit: int) -> Iterator[tuple[str, range]]:
    """(profile, numbers of its schedules), in the order in which a fault is looked for."""
    begin = 0
    for stage in stages(limit):
        for profile in profiles.PROFILES:
            for first in range(begin, stage, TURN):
                yield profile.name, range(first, min(first + TURN, stage))
        begin = stage


def look_for(
    name: str, seed: int, limit: int, before: dict[str, Any] | None, deadline: float, stage: int
) -> dict[str, Any]:
    """Go on looking for a fault until it is found, this stage or the limit is reached, or time is up."""
    one = mutants.mutant(name)
    done = before["turns"] if before else 0
    played = before["played"] if before else 0
    row: dict[str, Any] = {"fault": name, "seed": seed, "profile": "", "complete": False}
    for turn, (profile, numbers) in enumerate(turns(limit)):
        if turn < done:
            continue
        if time.time() >= deadline or numbers.start >= stage:
            return {**row, "turns": turn, "played": played}
        outcomes = explorer.play_numbers(profiles.profile(profile), seed, numbers, one.replaces)
        played += len(outcomes)
        if outcomes[-1].violation is not None:
            return {**row, "turns": turn, "played": played, **_made_short(one, profile, seed, outcomes[-1])}
        done = turn + 1
    return {**row, "complete": True, "turns": done, "played": played, "own_entries": _own_entries(one)}


def _made_short(one: Mutant, name: str, seed: int, outcome: explorer.Outcome) -> dict[str, Any]:
    found = Exploration(profiles.profile(name), seed, failing=outcome.number, violation=outcome.violation)
    small, run = explorer.shortest(found, one.replaces)
    broken = run.violation or outcome.violation
    assert broken is not None, "it was found"
    return {
        "profile": name, "number": outcome.number, "promise": broken.promise, "sentence": broken.sentence,
        "entries": len(small), "schedule": explorer.tell(small), "complete": True,
    }  # fmt: skip


def _own_entries(one: Mutant) -> int:
    """Length of the mutant's own schedule that finds it; 0 if it has none."""
    for lines in one.schedules:
        with substituted(one.replaces):
            if play(one.setup, lines, by_promise(one.promise)).violation is not None:
                return len(lines)
    return 0


# --- the same bytes ---


def determinism(options: argparse.Namespace, state: State, pool: Any, deadline: float) -> None:
    """The same seeds under two hash seeds, on the oldest Python we support if it is here."""
    python = oldest_python()
    units = (
        (f"{hash_seed}/{first}", digests, (python, hash_seed, options.seed, first, min(first + TURN, options.seeds)))
        for first in range(0, options.seeds, TURN)
        for hash_seed in ("1", "4242")
        if f"{hash_seed}/{first}" not in state.done
    )
    go_through(state, units, pool, 2 * options.jobs, deadline)


def oldest_python() -> str:
    """CPython 3.11 by name, or among those that pyenv keeps; else the one that runs this."""
    if sys.version_info[:2] == (3, 11):
        return sys.executable
    kept = sorted(Path.home().glob(".pyenv/versions/3.11.*/bin/python"))
    return str(kept[-1]) if kept else shutil.which("python3.11") or sys.executable


def digests(python: str, hash_seed: str, seed: int, first: int, last: int) -> dict[str, Any]:
    """Digests of some traces, made in another process, and by which Python."""
    program = "import sys; print(sys.version.split()[0])" + DIGESTS.format(seed=seed, first=first, last=last)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed}
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True, env=environment)
    version, *said = done.stdout.split()
    return {"version": version, "digests": said}


def in_pyodide(options: argparse.Namespace, state: State, pool: Any, deadline: float) -> None:
    """The same seeds here and in Pyodide; skipped with a word where there is no Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        print("pyodide: there is no node or npm here")
        return
    folder = _pyodide(npm)
    step = 10
    units = []
    for first in range(0, options.pyodide_seeds, step):
        last = min(first + step, options.pyodide_seeds)
        units.append((f"here/{first}", digests, (sys.executable, "1", options.seed, first, last)))
        units.append((f"pyodide/{first}", digests_in_pyodide, (node, folder, options.seed, first, last)))
    go_through(state, [unit for unit in units if unit[0] not in state.done], pool, options.jobs, deadline)


def _pyodide(npm: str) -> Path:
    cache = ROOT / "build" / "pyodide"
    folder = cache / "node_modules" / "pyodide"
    if not (folder / "pyodide.mjs").exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(cache), PYODIDE]
        subprocess.run(command, check=True, capture_output=True)
    return folder


def digests_in_pyodide(node: str, folder: Path, seed: int, first: int, last: int) -> dict[str, Any]:
    """Digests of some traces, made in Pyodide."""
    with tempfile.TemporaryDirectory() as course:
        shutil.copytree(ROOT / "minikafka", Path(course) / "minikafka", ignore=shutil.ignore_patterns("__pycache__"))
        program = Path(course) / "program.py"
        program.write_text(DIGESTS.format(seed=seed, first=first, last=last), encoding="utf-8")
        script = ROOT / "tools" / "proof_pyodide.mjs"
        command = [node, str(script), str(folder), course]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    version, *said = done.stdout.split()
    return {"version": version, "digests": said}


# --- small worlds ---


def small_worlds(options: argparse.Namespace, state: State, pool: Any, deadline: float) -> None:
    """Each scope in a process of its own, which may be stopped."""
    units = [(key, look_for_long, (key, deadline)) for key in SMALL_WORLDS if not state.done.get(key)]
    go_through(state, units, pool, options.jobs, deadline)


def look_for_long(key: str, deadline: float) -> str:
    """What was seen in a scope; nothing if it was not looked at whole in time."""
    command, left = [sys.executable, __file__, "--scope", key], max(deadline - time.time(), 1.0)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=min(left, 1e6))
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip()


def look_at_whole(key: str) -> str:
    """One scope, and how long it took."""
    scope, planted = SMALL_WORLDS[key]
    began = time.process_time()
    with substituted(mutants.mutant(planted).replaces if planted else {}):
        found = exhaustive.search(scope)
    return f"{found} ({time.process_time() - began:,.0f} s of one core)"


# --- killed for real ---


def killed(options: argparse.Namespace, state: State, pool: Any, deadline: float) -> None:
    """Servers that are killed some times each, in turn whole and one process of many."""
    numbers = range(-(-options.kills // KILLS_OF_ONE))
    units = [(str(one), kill_drill.lives, (options.seed, one, KILLS_OF_ONE)) for one in numbers]
    go_through(state, (unit for unit in units if unit[0] not in state.done), pool, options.jobs, deadline)


# --- malformed ---


def malformed(options: argparse.Namespace, state: State, pool: Any, deadline: float) -> None:
    """Servers that are sent some frames each, in turn in one process and of many."""
    numbers = range(-(-options.frames // FRAMES_OF_ONE))
    units = [(str(one), frame_storm.storms, (options.seed, one, FRAMES_OF_ONE)) for one in numbers]
    go_through(state, (unit for unit in units if unit[0] not in state.done), pool, options.jobs, deadline)


def fuzzed(options: argparse.Namespace, state: State, pool: Any, deadline: float) -> None:
    """The codec, from several seeds; skipped with a word where there is no atheris."""
    if not fuzz_codec.is_here():
        print(f"fuzz: {fuzz_codec.MISSING}")
        return
    numbers = range(-(-options.executions // EXECUTIONS_OF_ONE))
    units = [(str(one), fuzz_codec.fuzz, (options.seed + one, EXECUTIONS_OF_ONE)) for one in numbers]
    go_through(state, (unit for unit in units if unit[0] not in state.done), pool, options.jobs, deadline)


# --- the command ---

PARTS: dict[str, Callable[[argparse.Namespace, State, Any, float], None]] = {
    "false_alarms": false_alarms,
    "mutants": planted_faults,
    "determinism": determinism,
    "pyodide": in_pyodide,
    "exhaustive": small_worlds,
    "killed": killed,
    "malformed": malformed,
    "fuzz": fuzzed,
}
GOALS = {
    "false_alarms": ("seed", "schedules"),
    "mutants": ("seed", "limit"),
    "determinism": ("seed", "seeds"),
    "pyodide": ("seed", "pyodide_seeds"),
    "exhaustive": (),
    "killed": ("seed", "kills"),
    "malformed": ("seed", "frames"),
    "fuzz": ("seed", "executions"),
}
"""The options on which a part's results depend."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--part", action="append", choices=PARTS, help="only this part; may be given more than once")
    said.add_argument("--minutes", type=float, default=float("inf"), help="bound for each part")
    said.add_argument("--schedules", type=int, default=10_000, help="for false alarms, in each profile")
    said.add_argument("--limit", type=int, default=10_000, help="for each planted fault, in each profile")
    said.add_argument("--seeds", type=int, default=1_000, help="traces that are compared")
    said.add_argument("--pyodide-seeds", type=int, default=50, help="traces that are compared with Pyodide's")
    said.add_argument("--kills", type=int, default=200, help="SIGKILLs of a server under load")
    said.add_argument("--frames", type=int, default=10_000, help="malformed, for servers that others use")
    said.add_argument("--executions", type=int, default=1_000_000, help="of the codec by the fuzzer")
    said.add_argument("--seed", type=int, default=2026)
    said.add_argument("--jobs", type=int, default=2)
    said.add_argument("--page-only", action="store_true", help="write the page from what is kept")
    said.add_argument("--scope", help=argparse.SUPPRESS)
    return said


def main(argv: list[str]) -> int:
    """Run the parts and write the page."""
    options = parser().parse_args(argv)
    if options.scope:
        print(look_at_whole(options.scope))
        return 0
    for part in [] if options.page_only else options.part or PARTS:
        goal = {name: getattr(options, name) for name in GOALS[part]}
        source = proof_page.source_digest(ROOT, with_server=part in proof_page.OF_SERVERS)
        state = State.open(KEPT / f"{part}.json", source, goal, conditions(options))
        print(f"{part}: {len(state.done)} pieces were done before", flush=True)
        with ProcessPoolExecutor(options.jobs) as pool:
            PARTS[part](options, state, pool, time.time() + 60 * options.minutes)
        proof_page.write(ROOT)
    proof_page.write(ROOT)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
