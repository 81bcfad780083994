"""What the parts of the proof have found, kept between runs, and docs/proof.md made of it.

Each part keeps a file: the engine's source it is about, the goal, the conditions, and a result for each piece done.
Such files do not travel; of a part that has none here the page keeps what it says, with the engine that it says it of.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import tidy

from minikafka.sim import mutants, profiles
from minikafka.sim.explorer import Exploration

KEPT = ROOT / "build" / "proof"
NOT_RUN = "Not run yet."
FOUND = ("fault", "seed", "profile", "number", "promise", "sentence", "entries", "schedule")
"""What the tests want to know of a fault that was found by chance."""


@dataclass
class State:
    """One part, as far as it has come."""

    path: Path
    source: str
    """Digest of the engine's source."""
    goal: dict[str, Any]
    conditions: dict[str, Any]
    done: dict[str, Any]

    @classmethod
    def open(cls, path: Path, source: str, goal: dict[str, Any], conditions: dict[str, Any]) -> State:
        """Go on with what is kept, if it is about the same source and has the same goal; else begin anew."""
        kept = cls.read(path)
        if kept is not None and kept.source == source and kept.goal == goal:
            kept.conditions = conditions
            return kept
        return cls(path, source, goal, conditions, {})

    @classmethod
    def read(cls, path: Path) -> State | None:
        """What is kept, whatever it is about."""
        if not path.exists():
            return None
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(path, kept["source"], kept["goal"], kept["conditions"], kept["done"])

    def keep(self, key: str, result: Any) -> None:
        """A piece is done: write it down at once."""
        self.done[key] = result
        print(f"{self.path.stem}: {key}: {json.dumps(result)[:160]}", flush=True)
        content = {"source": self.source, "goal": self.goal, "conditions": self.conditions, "done": self.done}
        write_json(self.path, content)


def write_json(path: Path, content: Any) -> None:
    """Write a file whole or not at all: who is interrupted here loses nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


def source_digest(root: Path, with_server: bool = False) -> str:
    """Which engine a figure is about: twelve digits over all Python files of the rooms that an exploration plays in."""
    digest, left_out = hashlib.sha256(), tidy.AROUND_THE_ENGINE - ({"server"} if with_server else set())
    for path in sorted((root / "minikafka").rglob("*.py")):
        name = path.relative_to(root).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        if tidy.room_of(name) not in left_out:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def write(root: Path) -> None:
    """Write docs/proof.md from all that is kept, and what is not kept here from the page as it is."""
    states = {name: State.read(KEPT / f"{name}.json") for name in SECTIONS}
    path = root / "docs" / "proof.md"
    path.write_text(page(states, path.read_text(encoding="utf-8")), encoding="utf-8")


def page(states: Mapping[str, State | None], before: str = "") -> str:
    """The page; a part that never ran says so, unless the page `before` knows of a run on another machine."""
    lines = ["# The proof", "", "Written by `make proof`; nothing here is written by hand.", ""]
    found_elsewhere = sections_of(before)
    for name, (title, content) in SECTIONS.items():
        state = states.get(name)
        lines += [f"## {title}", ""]
        if state is None:
            lines.append(found_elsewhere.get(title, NOT_RUN))
        else:
            lines += [conditions_of(state, name), "", *content(state)]
        lines.append("")
    return "\n".join(lines)


def sections_of(text: str) -> dict[str, str]:
    """What stands under each heading of a page."""
    parts = (part.partition("\n") for part in text.split("\n## ")[1:])
    return {title: content.strip() for title, _, content in parts}


def conditions_of(state: State, name: str) -> str:
    """One line: which engine, and how it was measured."""
    said, about = state.conditions, "engine and server" if name in OF_SERVERS else "engine"
    return (
        f"Seed {said['seed']}, {about} `{state.source}`, {said['date']}, {said['python']}, "
        f"{said['jobs']} processes on {said['cores']} cores."
    )


def false_alarms(state: State) -> Iterator[str]:
    """A row for each profile."""
    yield f"The goal: {state.goal['schedules']:,} schedules of each profile, and no broken promise."
    yield ""
    yield "| profile | schedules | events | faults | violations | schedules a minute of one core |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for profile in profiles.PROFILES:
        turns = [turn for key, turn in state.done.items() if key.partition("/")[0] == profile.name]
        if turns:
            yield row_of(profile, state.goal["seed"], turns)
        else:
            yield f"| {profile.name} | not played yet | | | | |"


def row_of(profile: profiles.Profile, seed: int, turns: list[dict[str, Any]]) -> str:
    """What the turns of one profile come to."""
    found = Exploration(profile, seed)
    for turn in turns:
        found.schedules += turn["schedules"]
        found.events += turn["events"]
        found.faults.update(turn["faults"])
        found.premises.update(turn["premises"])
    broken = [f"schedule {one['failing']}: {one['broken']['promise']}" for one in turns if one["broken"]]
    said = "; ".join(broken) or "0"
    if not broken and found.never_judged:
        said += f"; never judged: {', '.join(found.never_judged)}"
    rate = 60 * found.schedules / max(sum(turn["seconds"] for turn in turns), 0.001)
    faults = f"{found.faults.total():,} of {len(found.faults)} kinds"
    return f"| {profile.name} | {found.schedules:,} | {found.events:,} | {faults} | {said} | {rate:,.0f} |"


def planted_faults(state: State) -> Iterator[str]:
    """A row for each planted fault, how many there are of each sort, and their stories."""
    yield (
        f"Each is looked for in up to {state.goal['limit']:,} schedules of each profile in turn, with the seed "
        "declared beforehand; *schedules to find* counts those of all profiles."
    )
    yield ""
    yield "| planted fault | what its author believed | promise | found in | schedules to find | entries when shrunk |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for one in mutants.MUTANTS:
        where = place_of(one.promise, state.done.get(one.name))
        yield f"| {one.name} | {one.belief} | {where} |"
    yield ""
    yield summary(state)
    yield ""
    yield from (f"* **{one.name}**: {one.story}" for one in mutants.MUTANTS if one.story)


def place_of(promise: str, row: dict[str, Any] | None) -> str:
    """The last four columns of a fault."""
    if row is None:
        return f"{promise} | not looked for yet | | "
    if row["profile"]:
        return f"{row['promise']} | {row['profile']} | {row['played']:,} | {row['entries']}"
    if not row["complete"]:
        return f"{promise} | being looked for | not in {row['played']:,} yet | "
    own = row["own_entries"]
    return f"{promise} | {'its own schedule' if own else 'nothing'} | not in {row['played']:,} | {own or ''}"


def summary(state: State) -> str:
    """How many of each sort."""
    rows = [state.done[one.name] for one in mutants.MUTANTS if one.name in state.done]
    found = [row for row in rows if row["profile"]]
    broken = Counter(row["promise"] for row in found)
    quick = sum(row["played"] <= 1_000 for row in found)
    most = sum(row["played"] <= 10_000 for row in found)
    short = sum(row["entries"] <= 15 for row in found)
    planted = len(mutants.MUTANTS)
    unfinished = planted - sum(bool(row["profile"] or row["complete"]) for row in rows)
    return (
        f"{planted} planted faults: {len(found)} found by random schedules, {quick} of them within 1,000 "
        f"and {most} within 10,000; {planted - len(found) - unfinished} not found by them up to the limit, "
        f"{unfinished} not looked for to the end. {short} of the {len(found)} shrink to at most 15 entries. "
        f"Broken promises: {', '.join(f'{name} {count}' for name, count in sorted(broken.items())) or 'none'}."
    )


def same_bytes(state: State) -> Iterator[str]:
    """One sentence: are the traces of two places the same?"""
    places: dict[str, dict[str, list[str]]] = {}
    versions = []
    for key, piece in state.done.items():
        place, _, first = key.partition("/")
        places.setdefault(place, {})[first] = piece["digests"]
        versions.append(f"{'Pyodide' if place == 'pyodide' else 'CPython'} {piece['version']}")
    if len(places) < 2:
        yield "Nothing to compare yet."
        return
    one, other = places.values()
    pairs = [pair for first in one if first in other for pair in zip(one[first], other[first], strict=True)]
    wanted = state.goal.get("seeds") or state.goal.get("pyodide_seeds") or 0
    who = " and ".join(sorted(set(versions)))
    how = "in two places" if "pyodide" in places else "in two processes with different PYTHONHASHSEEDs"
    yield (
        f"{sum(a == b for a, b in pairs):,} of {len(pairs):,} traces are the same, to the byte, {how} ({who}); "
        f"the goal is {wanted:,}."
    )


def small_worlds(state: State) -> Iterator[str]:
    """A line for each scope."""
    titles = {
        "kip-101": "The rule before KIP-101",
        "as it is": "The engine as it is",
        "one copy": "One in-sync replica is enough (lesson 5)",
        "two copies": "Two in-sync replicas are needed (lesson 5)",
    }
    for key, title in titles.items():
        yield f"* {title}. {state.done.get(key) or 'Not looked at whole yet.'}"


def killed(state: State) -> Iterator[str]:
    """A line for each kind of kill."""
    titles = {False: "the whole server, three brokers in one process", True: "the leader, with `--processes`"}
    for kind, title in titles.items():
        lives = [one for one in state.done.values() if one["processes"] == kind]
        kills, there = (sum(one[name] for one in lives) for name in ("kills", "acknowledged"))
        yield (
            f"* SIGKILL of {title}: {kills:,} times at random moments under load, in {len(lives):,} directories; all "
            f"of {there:,} acknowledged records were there, once and in order."
        )
    yield f"\nThe goal is {state.goal.get('kills', 0):,} kills together."


def malformed(state: State) -> Iterator[str]:
    """A row for each kind of frame, and what others saw of it."""
    storms = list(state.done.values())
    came: dict[str, Counter[str]] = {}
    for storm in storms:
        for kind, counted in storm["came"].items():
            came.setdefault(kind, Counter()).update(counted)
    yield "| what is wrong | frames | closed | answered | waited for |"
    yield "| --- | --- | --- | --- | --- |"
    for kind, counted in came.items():
        columns = " | ".join(f"{counted[reaction]:,}" for reaction in ("closed", "answered", "waited for"))
        yield f"| {kind} | {counted.total():,} | {columns} |"
    yield f"\n{beside(storms)}"
    yield f"\nThe goal is {state.goal['frames']:,} frames together."


def beside(storms: list[dict[str, Any]]) -> str:
    """What became of the servers, and of another client."""
    others, frames = (sum(storm[name] for storm in storms) for name in ("others", "frames"))
    of_processes = sum(storm["processes"] for storm in storms)
    longest_ms, grown_mib = (max(storm[name] for storm in storms) for name in ("longest_ms", "grown_mib"))
    return (
        f"{frames:,} frames, to {len(storms):,} servers, {of_processes} of them with `--processes`: each was closed, "
        "refused or waited for as it should be, and no server complained of a mistake of its own. Beside them another "
        f"client wrote {others:,} records; each was stored at once, within {longest_ms:,} ms, and all are there, once "
        f"and in order. At no moment had a server more than {grown_mib:.1f} MiB above its memory before the storm; "
        "batches that unpack to 64 MB were among the frames."
    )


def fuzzed(state: State) -> Iterator[str]:
    """One sentence."""
    runs = list(state.done.values())
    yield (
        f"{sum(run['executions'] for run in runs):,} inputs from {len(runs):,} seeds, led by coverage: each became a "
        "message that comes out again as it went in, or a `CodecError`; a batch became records, or `CorruptBatch`. The "
        f"best run reached {max(run['coverage'] for run in runs):,} branches, by "
        f"{max(run['kept'] for run in runs):,} inputs that each reach something new."
    )
    yield f"\nThe goal is {state.goal['executions']:,} inputs."


SECTIONS = {
    "false_alarms": ("False alarms", false_alarms),
    "mutants": ("Planted faults", planted_faults),
    "determinism": ("The same seed, the same bytes", same_bytes),
    "pyodide": ("The same seed in a browser's Python", same_bytes),
    "exhaustive": ("Small worlds, looked at whole", small_worlds),
    "killed": ("Killed for real", killed),
    "malformed": ("Malformed frames", malformed),
    "fuzz": ("The codec, fuzzed", fuzzed),
}
OF_SERVERS = ("killed", "malformed", "fuzz")
"""Parts whose figures are about `server/` as well."""
