"""Look for trouble: draw schedules at random, play them under checkers, and make what fails as short as it gets.

```
 seed 7, number 0   crash, crash, send …     ✓
 seed 7, number 1   send, cut, send, pause … ✓
 seed 7, number 2   a dozen lines            ✗ ─▶ shrink ─▶ cut(3, "brokers") · send x · crash(2) · crash(1)
```

* Schedule number n is drawn from the profile, the seed and n alone, so any process may play it: an executor (a pool of
  processes, a cluster of machines) gets numbers, and gives back counts.
* Same arguments, same result, however many play: what is counted ends with the first number that fails.
* A run that fails is played again where it was asked for, to have its trace.

What we leave out: learning from what earlier schedules reached.
"""

from __future__ import annotations

import gc
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from minikafka.effects import Timer
from minikafka.protocol import facts
from minikafka.sim import checkers, shrinking
from minikafka.sim import faults as fault_verbs
from minikafka.sim.checkers.base import Checker
from minikafka.sim.profiles import Profile
from minikafka.sim.schedule import Run, Schedule, Setup, Violation, play_on, settle_down, start
from minikafka.sim.substitute import substituted

CHUNK = 20
"""Schedules that one call of a worker plays."""
ENOUGH = 200
"""From so many schedules on, every promise of the profile must have had something to judge: what comes in one of 15,
as the last replica standing does, stays away from all of them once in a million explorations."""
ASSERTED = "assert"
"""Stands where a promise's number would, when a node's own assertion stopped the run."""

Replaced = Mapping[str, Callable[..., Any]]


class Future(Protocol):
    """What an executor's `submit` returns."""

    def result(self) -> Any:
        """Wait for it."""
        ...

    def cancel(self) -> Any:
        """It is not wanted any more."""
        ...


class Executor(Protocol):
    """Anything like `concurrent.futures.Executor`: a process pool, or Dask's executor for many machines."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Run it somewhere."""
        ...


class Outcome(NamedTuple):
    """What came of one schedule: small enough to be sent."""

    number: int
    events: int
    """Delivered messages and fired timers."""
    heartbeats: int
    """Those among them that only say *I am alive*; not in `events`."""
    faults: dict[str, int]
    """That struck, by kind; impossible ones are skipped and not counted."""
    premises: dict[str, int]
    """For each promise, how often there was something to judge."""
    beyond: bool
    """Was a record lost, though more had failed than Kafka promises to survive?"""
    violation: Violation | None


@dataclass(slots=True)
class Exploration:
    """What an exploration found, and how much it looked at."""

    profile: Profile
    seed: int
    schedules: int = 0
    """Played, the failing one included."""
    events: int = 0
    heartbeats: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    premises: Counter[str] = field(default_factory=Counter)
    losses_beyond_promise: int = 0
    """Runs in which a record was lost beyond the promise."""
    failing: int | None = None
    """Number of the first schedule that failed."""
    violation: Violation | None = None
    """What broke in it."""

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        self.schedules += 1
        self.events += outcome.events
        self.heartbeats += outcome.heartbeats
        self.faults.update(outcome.faults)
        self.premises.update(outcome.premises)
        self.losses_beyond_promise += outcome.beyond
        if outcome.violation is not None:
            self.failing, self.violation = outcome.number, outcome.violation

    @property
    def never_judged(self) -> list[str]:
        """Promises that had nothing to judge though they should have: no evidence, so a failure (invariants)."""
        if self.failing is not None or self.schedules < ENOUGH:
            return []
        named = [f"{kind.promise} {kind.name}" for kind in self.profile.checkers]
        return [name for name in named if not self.premises[name] and name not in self.profile.may_stay_empty]


def explore(
    profile: Profile,
    schedules: int,
    seed: int,
    *,
    replaced: Replaced | None = None,
    executor: Executor | None = None,
    at_once: int = 4,
) -> Exploration:
    """Play up to `schedules` random schedules; stop at the first that fails.

    With `replaced` other functions stand in the engine (`substitute.py`). An `executor` has `at_once` calls at a time.
    """
    found = Exploration(profile, seed)
    chunks = [range(first, min(first + CHUNK, schedules)) for first in range(0, schedules, CHUNK)]
    calls = [(profile, seed, numbers, dict(replaced or {})) for numbers in chunks]
    results = (play_numbers(*call) for call in calls) if executor is None else _in_order(executor, calls, at_once)
    for outcomes in results:
        for outcome in outcomes:
            found.add(outcome)
        if found.failing is not None:
            break
    return found


def _in_order(executor: Executor, calls: Iterable[tuple[Any, ...]], at_once: int) -> Iterator[list[Outcome]]:
    """What the calls return, in their order, with a few under way; nobody waits for those after the last one taken."""
    waiting: deque[Future] = deque()
    try:
        for call in calls:
            waiting.append(executor.submit(play_numbers, *call))
            if len(waiting) >= at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def play_numbers(profile: Profile, seed: int, numbers: Iterable[int], replaced: Replaced) -> list[Outcome]:
    """Play these schedules up to the first that fails: the work of one call of a worker."""
    outcomes: list[Outcome] = []
    with substituted(replaced), uncollected():
        for number in numbers:
            watching = checkers.fresh(profile.checkers)
            run, lines = play_number(profile, seed, number, watching)
            outcomes.append(_outcome(number, run, lines, watching))
            if run.violation is not None:
                break
            run.sim.recorder.forget()
    return outcomes


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector of cycles: it would walk along everything a run remembers, again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def play_number(profile: Profile, seed: int, number: int, watching: list[Checker]) -> tuple[Run, Schedule]:
    """Play one schedule of an exploration."""
    setup, lines = profile.draw(seed, number)
    return play_quickly(setup, lines, watching), lines


def play_quickly(setup: Setup, lines: Schedule, watching: list[Checker]) -> Run:
    """Play a schedule; its last minute ends early when nothing is left to wait for. An assertion is a violation too."""
    run = start(setup)
    try:
        play_on(run, lines, watching)
        settle_down(run, watching, until_settled=True)
    except Exception as error:  # whatever stops the engine is a fault of the engine, and has a trace
        text = f"{type(error).__name__}: {error}"
        run.violation = Violation(ASSERTED, "the engine goes on", text, run.sim.recorder.step)
        run.sim.tell(facts.PromiseBroken(ASSERTED, "the engine goes on", text))
    return run


def replay(found: Exploration, replaced: Replaced | None = None) -> tuple[Setup, Schedule, Run]:
    """Play the failing schedule again: (what it runs on, its lines, its run)."""
    assert found.failing is not None, "nothing failed"
    setup, lines = found.profile.draw(found.seed, found.failing)
    with substituted(replaced) if replaced else nullcontext():
        return setup, lines, play_quickly(setup, lines, checkers.fresh(found.profile.checkers))


def shortest(found: Exploration, replaced: Replaced | None = None, limit: int = 300) -> tuple[Schedule, Run]:
    """The failing schedule made 1-minimal for the same promise, and its run."""
    assert found.violation is not None, "nothing failed"
    setup, lines = found.profile.draw(found.seed, found.failing or 0)
    kinds, broken = found.profile.checkers, (found.violation.promise, found.violation.name)

    def again(candidate: Schedule) -> Run:
        return play_quickly(setup, candidate, checkers.fresh(kinds))

    def still_fails(candidate: Schedule) -> bool:
        violation = again(candidate).violation
        return violation is not None and (violation.promise, violation.name) == broken

    with substituted(replaced) if replaced else nullcontext():
        small = shrinking.shrink(lines, still_fails, limit)
        return small, again(small)


def tell(lines: Schedule) -> str:
    """A schedule on one line."""
    return " · ".join(f"{entry.at_ms} ms {entry}" for entry in lines)


def _outcome(number: int, run: Run, lines: Schedule, watching: list[Checker]) -> Outcome:
    recorder = run.sim.recorder
    events = [step for step in recorder.steps if step.kind in ("deliver", "timer")]
    heartbeats = sum("Heartbeat" in _kind(run, step.what) for step in events)
    struck = Counter(entry.verb for entry in lines if entry.verb in fault_verbs.FAULTS)
    struck -= Counter(entry.verb for entry in run.skipped)
    premises: Counter[str] = Counter()
    for checker in watching:
        premises[f"{checker.promise} {checker.name}"] += checker.premises
    beyond = any(isinstance(told.fact, facts.LossBeyondPromise) for told in recorder.told)
    return Outcome(
        number, len(events) - heartbeats, heartbeats, dict(struck), dict(premises), beyond, run.violation
    )  # fmt: skip


def _kind(run: Run, what: Any) -> str:
    if isinstance(what, int):
        return type(run.sim.recorder.sent[what].envelope.message).__name__
    return what.name.title() if isinstance(what, Timer) else ""
