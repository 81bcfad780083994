"""Look for trouble: draw schedules at random, play them under checkers, and make what fails as short as it gets.

```
 seed 7, number 0   crash, crash, send …     ✓
 seed 7, number 1   send, cut, send, pause … ✓
 seed 7, number 2   a dozen lines            ✗ ─▶ shrink ─▶ cut(3, "brokers") · send x · crash(2) · crash(1)
```

* Uniformly random faults find little: too many of everything heals itself. So the *mix* is drawn first, once for each
  schedule: which faults occur, how fast things follow each other, how soon they are mended (swarm testing).
* Power losses stay within the fault budget, so that a lost record is somebody's fault.
* Same seed, same schedules, same runs; nothing here looks at a clock.

What we leave out: exhaustive search of a small scope, full disks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from minikafka.protocol import facts
from minikafka.sim import faults as fault_verbs
from minikafka.sim.checkers import all_checkers
from minikafka.sim.checkers.base import Checker
from minikafka.sim.schedule import Entry, Run, Schedule, Setup, play
from minikafka.types import BrokerId, Millis, controller_node

Judge = Callable[[Run], bool]
"""Has this run failed? The default: a promise was broken."""


@dataclass(slots=True)
class Exploration:
    """What an exploration found, and how much it looked at."""

    schedules: int = 0
    """Played, the failing one included."""
    events: int = 0
    faults: int = 0
    """That struck: impossible ones are skipped and not counted."""
    premises: Counter[str] = field(default_factory=Counter)
    """For each promise, how often there was something to judge."""
    losses_beyond_promise: int = 0
    """Runs in which a record was lost, but more had failed than Kafka promises to survive."""
    failing: Schedule | None = None
    """The first schedule that failed."""
    setup: Setup | None = None
    """What it ran on: the setup explored, with the seed of that schedule."""
    run: Run | None = None
    """Its run."""


def explore(
    setup: Setup,
    schedules: int,
    seed: int,
    *,
    make_checkers: Callable[[], Sequence[Checker]] = all_checkers,
    judge: Judge | None = None,
    sends: tuple[int, int] = (3, 12),
    faults: tuple[int, int] = (2, 8),
) -> Exploration:
    """Play up to `schedules` random schedules; stop at the first that fails. Same arguments, same result.

    Schedule number n is drawn from `seed` and n alone, and runs on `setup` with a seed of its own.
    """
    found = Exploration()
    for number in range(schedules):
        random = Random(f"{seed}/{number}")
        lines = random_schedule(random, setup, random.randint(*sends), random.randint(*faults))
        played_on = replace(setup, seed=random.randrange(1 << 30))
        checkers = make_checkers()
        try:
            run = play(played_on, lines, checkers)
        except Exception as error:
            error.add_note(f"This was schedule {number} of seed {seed}: {tell(lines)}")
            raise
        _count(found, run, lines, checkers)
        if judge(run) if judge else run.violation is not None:
            found.failing, found.setup, found.run = lines, played_on, run
            break
    return found


def tell(lines: Schedule) -> str:
    """A schedule on one line."""
    return " · ".join(f"{entry.at_ms} ms {entry}" for entry in lines)


def _count(found: Exploration, run: Run, lines: Schedule, checkers: Sequence[Checker]) -> None:
    found.schedules += 1
    found.events += run.sim.recorder.step
    found.faults += sum(entry.verb in fault_verbs.FAULTS for entry in lines)
    found.faults -= sum(entry.verb in fault_verbs.FAULTS for entry in run.skipped)
    found.losses_beyond_promise += any(isinstance(told.fact, facts.LossBeyondPromise) for told in run.sim.recorder.told)
    for checker in checkers:
        found.premises[checker.promise] += checker.premises


# --- drawing ---

PACES_MS = (5, 100, 1_000, 6_000)
"""How long it is from one thing to the next, about."""
MENDED_AFTER_MS = (300, 5_000, 14_000, 50_000)
"""At once, within a session, after the session, after the lag time."""
LATE_MS = (-1, 5, 700, 12_000)
"""How much later requests of a broken connection arrive; -1: they are lost."""
KINDS = ("crash", "power_loss", "pause", "cut_controllers", "cut_brokers", "cut_pair", "disconnect", "shut_down")


@dataclass(slots=True)
class _Mix:
    """What is drawn once for a schedule."""

    kinds: list[str]
    pace_ms: Millis
    mended_after_ms: list[Millis]
    acks_all: float
    """Share of sends with acks=all."""
    favourite: BrokerId
    """The broker that most faults strike."""
    may_lose_power: list[BrokerId]
    producers: list[str]
    asked_first: dict[str, BrokerId]
    """Which broker each producer asks first who leads."""


def random_schedule(random: Random, setup: Setup, sends: int, faults: int) -> Schedule:
    """Draw a schedule with so many sends and so many faults, in time order, each fault with what mends it.

    Swarm testing: which kinds of fault occur, how often, and how fast things follow each other is drawn once for each
    schedule, so that schedules differ in kind and not only in detail. Power losses stay within the fault budget.
    """
    mix = _draw_mix(random, setup)
    what = ["send"] * sends + ["fault"] * faults
    random.shuffle(what)
    lines = [Entry(0, "read")] if random.random() < 0.4 else []
    at_ms = 0
    for number, kind in enumerate(what):
        at_ms += _gap(random, mix)
        lines += [_send(random, mix, at_ms, number)] if kind == "send" else _fault(random, mix, setup, at_ms)
    return tuple(sorted(lines, key=lambda entry: entry.at_ms))


def _draw_mix(random: Random, setup: Setup) -> _Mix:
    kinds = random.sample(KINDS, random.randint(1, 4))
    lossy = min(setup.min_isr, len(setup.replicas)) - 1
    return _Mix(
        kinds=kinds,
        pace_ms=random.choice(PACES_MS),
        mended_after_ms=random.sample(MENDED_AFTER_MS, random.randint(1, 2)),
        acks_all=random.choice((1.0, 0.8, 0.3)),
        favourite=random.choice(setup.replicas),
        may_lose_power=random.sample(setup.replicas, lossy),
        producers=random.choice((["A"], ["A", "B"], ["A", "B", "C"])),
        asked_first={producer: random.choice(setup.replicas) for producer in "ABC"},
    )


def _gap(random: Random, mix: _Mix) -> Millis:
    """Mostly the pace of this schedule, now and then a long wait."""
    if random.random() < 0.12:
        return random.choice(MENDED_AFTER_MS)
    return random.randint(0, 2 * mix.pace_ms)


def _send(random: Random, mix: _Mix, at_ms: Millis, number: int) -> Entry:
    acks = "all" if random.random() < mix.acks_all else "1"
    producer = random.choice(mix.producers)
    # A producer that starts late asks another broker who leads, and may know better than one that started early.
    first_asked = mix.asked_first[producer]
    return Entry(at_ms, "send", (f"v{number}",), (("acks", acks), ("producer", producer), ("to", first_asked)))


def _fault(random: Random, mix: _Mix, setup: Setup, at_ms: Millis) -> list[Entry]:
    broker = mix.favourite if random.random() < 0.4 else random.choice(setup.replicas)
    kind = random.choice(mix.kinds)
    mended_ms = at_ms + random.choice(mix.mended_after_ms)
    if kind == "power_loss":
        if not mix.may_lose_power:
            kind = "crash"
        elif broker not in mix.may_lose_power:
            broker = random.choice(mix.may_lose_power)
    match kind:
        case "crash" | "power_loss" | "shut_down":
            return [Entry(at_ms, kind, (broker,)), Entry(mended_ms, "restart", (broker,))]
        case "pause":
            return [Entry(at_ms, "pause", (broker,)), Entry(mended_ms, "resume", (broker,))]
        case "disconnect":
            return [_disconnect(random, setup, broker, at_ms)]
        case _:
            return [Entry(at_ms, "cut", (broker, _other_side(random, setup, kind, broker))), Entry(mended_ms, "heal")]


def _disconnect(random: Random, setup: Setup, broker: BrokerId, at_ms: Millis) -> Entry:
    others = [*(other for other in setup.replicas if other != broker), controller_node(1), "producer-A"]
    return Entry(at_ms, "disconnect", (broker, random.choice(others)), (("late_ms", random.choice(LATE_MS)),))


def _other_side(random: Random, setup: Setup, kind: str, broker: BrokerId) -> BrokerId | str:
    if kind == "cut_pair" and len(setup.replicas) > 1:
        return random.choice([other for other in setup.replicas if other != broker])
    return "controllers" if kind == "cut_controllers" else "brokers"


# --- shrinking ---

ROUND_WAITS_MS = (0, 10, 100, 1_000, 5_000, 10_000, 20_000, 45_000)
"""Waits that are tried in place of a longer one, shortest first."""


def shrink(lines: Schedule, still_fails: Callable[[Schedule], bool], limit: int = 200) -> Schedule:
    """Make a failing schedule 1-minimal: taking away any entry makes it pass; then shorten the waits.

    `still_fails` plays a schedule; it is asked at most `limit` times, and the shortest failing schedule so far is
    returned when that is used up. Deterministic.
    """
    left = limit

    def fails(candidate: Schedule) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and still_fails(candidate)

    best = _remove_in_chunks(lines, fails)
    while left > 0:
        shorter = _remove_in_chunks(_shorten_waits(best, fails), fails)
        if shorter == best:
            break
        best = shorter
    return best


def _remove_in_chunks(lines: Schedule, fails: Callable[[Schedule], bool]) -> Schedule:
    """Take away halves, then quarters …, then single entries until no single one can go (delta debugging)."""
    size = max(len(lines) // 2, 1)
    while lines:
        shorter = next((one for one in _without_chunk(lines, size) if fails(one)), None)
        if shorter is not None:
            lines = shorter
        elif size == 1:
            break
        else:
            size //= 2
        size = max(min(size, len(lines)), 1)
    return lines


def _without_chunk(lines: Schedule, size: int) -> Iterator[Schedule]:
    """From the back: what came after the failure goes first."""
    for end in range(len(lines), 0, -size):
        yield lines[: max(end - size, 0)] + lines[end:]


def _shorten_waits(lines: Schedule, fails: Callable[[Schedule], bool]) -> Schedule:
    """Make each wait the shortest round one that still fails."""
    for index in range(len(lines)):
        wait_ms = lines[index].at_ms - (lines[index - 1].at_ms if index else 0)
        tries = (_with_wait(lines, index, round_ms) for round_ms in ROUND_WAITS_MS if round_ms < wait_ms)
        lines = next((one for one in tries if fails(one)), lines)
    return lines


def _with_wait(lines: Schedule, index: int, wait_ms: Millis) -> Schedule:
    """The same schedule with another wait before one entry; everything after it moves along."""
    before_ms = lines[index - 1].at_ms if index else 0
    moved_ms = lines[index].at_ms - before_ms - wait_ms
    later = tuple(entry._replace(at_ms=entry.at_ms - moved_ms) for entry in lines[index:])
    return lines[:index] + later
