"""Try everything, in a small world: every order of a few sends and faults, at every moment at which something changes.

```
 start ─┬─ send ─┬─ send …
        │        ├─ crash 1 ─┬─ crash 2 …
        │        │           └─ wait ─ 2 leads, 3 cuts its log  ✗ I6
        │        └─ wait ─ 1 appends ─┬─ crash 1 …
        ├─ crash 1 …                  └─ wait ─ 2 fetches …
        └─ wait: nothing changes any more
```

* A *moment* is the end of a millisecond in which a log, a high watermark, an office or an ISR changed. At every moment
  the world may send, strike, mend, or wait for the next one. Between two moments messages take their one course.
* Two moments with the same digest (`digest.py`) are taken to have the same future: one of them is followed.
* Complete means: no moment is left from which a move within the scope was not tried. What was tried is said in the
  answer; the order of single messages, and other latencies, are not in it.

Mirrors what TLC does for the TLA+ models of Kafka's replication. What we leave out: promises about the end, latencies.
"""

from __future__ import annotations

import pickle
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from minikafka.protocol import facts
from minikafka.sim import checkers
from minikafka.sim.checkers.base import Checker
from minikafka.sim.checkers.control import Convergence
from minikafka.sim.checkers.files import log_files
from minikafka.sim.checkers.ledger import Ledger
from minikafka.sim.checkers.promise import AT_THE_END, Promise
from minikafka.sim.digest import digest
from minikafka.sim.faults import FAULTS
from minikafka.sim.schedule import Entry, Run, Schedule, Setup, Violation, carry_out, start, watch
from minikafka.trace.trace import Told
from minikafka.types import Millis

CHANGES = (
    facts.RecordsAppended, facts.HighWatermarkMoved, facts.LogTruncated, facts.BecameLeader, facts.BecameFollower,
    facts.PartitionChanged, facts.IsrAdopted, facts.IsrProposed, facts.ProduceAcknowledged, facts.FollowerProgress,
)  # fmt: skip
BEYOND = "beyond"
"""Stands where a promise's number would, when a record is lost that nobody promised to keep."""
STOPS = ("crash", "power_loss")
"""What ends a broker's process."""
QUIET_MS: Millis = 35_000
"""Nothing has changed for so long: nothing will, without a move of the world. Longer than session and lag time."""

STEP_PROMISES: tuple[type[Promise], ...] = tuple(
    kind for kind in checkers.IN_ORDER if kind.looks_at != AT_THE_END and kind is not Convergence
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What may happen, and how often."""

    setup: Setup = field(default_factory=Setup)
    sends: int = 2
    acks: tuple[str, ...] = ("all",)
    faults: int = 2
    verbs: tuple[str, ...] = ("crash",)
    """`crash`, `power_loss`, `cut_controllers`, `cut_brokers`; `restart` and `heal` are free."""
    each_once: bool = False
    """Each verb strikes once at most."""
    restarts: bool = True
    losses: bool = False
    """Is a record that is lost beyond what Kafka promises a find, too?"""
    most_states: int = 1_000_000

    def __str__(self) -> str:
        setup, verbs = self.setup, ", ".join(self.verbs) + (", each once" if self.each_once else "")
        return (
            f"{len(setup.replicas)} replicas, min.insync.replicas={setup.min_isr}, at most {self.sends} sends "
            f"(acks {' or '.join(self.acks)}) and {self.faults} faults ({verbs}), "
            f"{'restarts and ' if self.restarts else 'no restarts, '}heals at will"
        )


@dataclass(slots=True)
class Search:
    """What an exhaustive search looked at."""

    scope: Scope
    states: int = 0
    """Different ones, by digest."""
    moves: int = 0
    """Tried from them."""
    complete: bool = False
    """Was every move in the scope tried from every state?"""
    violation: Violation | None = None
    failing: Schedule | None = None
    """The moves that lead to it, as a schedule that plays the same on the scope's setup."""

    def __str__(self) -> str:
        if self.violation is not None and self.violation.promise == BEYOND:
            end = f"a record is lost: {self.violation.sentence}"
        elif self.violation is not None:
            end = f"{self.violation.promise} {self.violation.name} is broken: {self.violation.sentence}"
        else:
            nothing = "no promise is broken" + (", no record is lost" if self.scope.losses else "")
            end = nothing if self.complete else "not complete: the limit of states was reached"
        return f"{self.scope}: {self.states:,} states, {self.moves:,} moves; {end}"


class _Node(NamedTuple):
    """A moment, kept to be gone on from."""

    frozen: bytes
    lines: Schedule
    sends: int
    faults: int
    quiet: bool


def search(scope: Scope, kinds: Sequence[type[Promise]] = STEP_PROMISES) -> Search:
    """Look at every state within the scope, nearest first; stop at the first broken promise. Deterministic."""
    found = Search(scope)
    run, watching = start(scope.setup), checkers.fresh(kinds)
    for checker in watching:
        checker.begin(run.sim)
    seen: set[str] = set()
    waiting: deque[_Node] = deque()
    _keep(found, seen, waiting, _Node(b"", (), 0, 0, False), run, watching)
    while waiting:
        node = waiting.popleft()
        for move in _moves(scope, node):
            found.moves += 1
            _try(found, seen, waiting, node, move)
            if found.violation is not None or found.states >= scope.most_states:
                return found
    found.complete = True
    return found


def _try(found: Search, seen: set[str], waiting: deque[_Node], node: _Node, move: Entry | None) -> None:
    run, watching = pickle.loads(zlib.decompress(node.frozen))
    changed = False

    def look(_: object, told: list[Told]) -> None:
        nonlocal changed
        changed = changed or any(isinstance(one.fact, CHANGES) for one in told)

    run.sim.watchers += [lambda sim, told: watch(run, watching, told), look]
    lines = node.lines
    if move is None:
        quiet = not _wait(run, lambda: changed)
    else:
        lines = (*lines, move._replace(at_ms=run.sim.now - run.started_ms))
        carry_out(run, lines[-1])
        if run.skipped:
            return
        quiet = False
    found.violation = run.violation or (_loss(run, watching) if found.scope.losses else None)
    if found.violation is not None:
        found.failing = lines
        return
    verb = move.verb if move else ""
    counted = node._replace(
        lines=lines, sends=node.sends + (verb == "send"), faults=node.faults + (verb in FAULTS), quiet=quiet
    )
    _keep(found, seen, waiting, counted, run, watching)


def _loss(run: Run, watching: list[Checker]) -> Violation | None:
    losses = _book(watching).losses
    return Violation(BEYOND, "a record is lost", losses[0], run.sim.recorder.step) if losses else None


def _book(watching: list[Checker]) -> Ledger:
    return next(checker.ledger for checker in watching if isinstance(checker, Promise))


def _wait(run: Run, changed: Callable[[], bool]) -> bool:
    """Let time pass to the end of the next millisecond in which something changes; False if nothing does."""
    sim = run.sim
    sim.run_until(lambda: changed() or run.violation is not None, QUIET_MS)
    if not changed():
        return False
    sim.run_until(lambda: run.violation is not None, 0)
    return True


def _keep(found: Search, seen: set[str], waiting: deque[_Node], node: _Node, run: Run, watching: list[Checker]) -> None:
    """Keep a moment that is like none before."""
    durable = _durable(run) if "power_loss" in found.scope.verbs else []
    name = digest(run.sim, _book(watching), node.sends, node.faults, node.quiet, durable)
    if name in seen:
        return
    seen.add(name)
    found.states += 1
    run.sim.watchers.clear()
    run.sim.recorder.forget()
    frozen = zlib.compress(pickle.dumps((run, watching)), 1)
    waiting.append(node._replace(frozen=frozen))


def _durable(run: Run) -> list[list[int]]:
    """How much of each broker's copy a power loss would leave."""
    return [
        [file.durable for file in log_files(run.sim, broker, run.setup.partition)] for broker in run.sim.broker_ids
    ]


def _moves(scope: Scope, node: _Node) -> Iterator[Entry | None]:
    """What the world may do now; None is to wait. Impossible ones are skipped when tried."""
    if not node.quiet:
        yield None
    if node.sends < scope.sends:
        for acks in scope.acks:
            yield Entry(0, "send", (f"m{node.sends}",), (("acks", acks),))
    if node.faults < scope.faults:
        yield from _faults(scope, node)
    yield from _mends(scope, node)


def _faults(scope: Scope, node: _Node) -> Iterator[Entry]:
    struck = {entry.verb for entry in node.lines}
    for broker in scope.setup.replicas:
        for verb in scope.verbs:
            fault = Entry(0, verb, (broker,)) if verb in STOPS else Entry(0, "cut", (broker, verb.removeprefix("cut_")))
            if not (scope.each_once and fault.verb in struck):
                yield fault


def _mends(scope: Scope, node: _Node) -> Iterator[Entry]:
    if scope.restarts:
        stopped = sorted({entry.arguments[0] for entry in node.lines if entry.verb in STOPS})
        yield from (Entry(0, "restart", (broker,)) for broker in stopped)
    if any(entry.verb == "cut" for entry in node.lines):
        yield Entry(0, "heal")
