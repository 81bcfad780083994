"""12/crash_table: three ways to commit, five moments to die at, and the run of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from minikafka.grading.predict import Choice, Pick, Predict, Runs, Shown
from minikafka.sim.scenario import Scenario, Scene, World
from minikafka.trace.trace import Trace
from minikafka.world import run_scenario

CHARGE_MS = 600
"""Two records take longer than the interval of the automatic commit."""
AGAIN, READ = "The application is started again.", "Everything has been read."
FAILS = "Charging r3 fails, and the exception leaves the loop."
FIRST, AFTER, AUTO = "commit first", "commit after", "auto-commit"


class Left(NamedTuple):
    """What a run leaves behind at the moment it ends."""

    committed: int
    done: tuple[int, ...]
    """Of r2 and r3: whose charging has ended well."""

    @property
    def letter(self) -> str:
        """Which choice that is."""
        lost = tuple(number for number in (2, 3) if number < self.committed and number not in self.done)
        twice = tuple(number for number in self.done if number >= self.committed)
        return {((), ()): "a", ((3,), ()): "b", ((2, 3), ()): "c", ((), (2,)): "d", ((), (2, 3)): "e"}[(lost, twice)]

    @property
    def sentence(self) -> str:
        """In words."""
        done = {(): "neither r2 nor r3 was", (2,): "r2 was", (2, 3): "r2 and r3 were"}[self.done]
        return f"When it ended, {done} charged, and {self.committed} was committed: the next run goes on there."


# Held against the runs by tests/grading/test_lesson12.py.
LEFT = {
    (FIRST, "K1"): Left(4, ()), (FIRST, "K2"): Left(4, (2,)), (FIRST, "K3"): Left(4, (2, 3)),
    (FIRST, "K4"): Left(4, (2, 3)), (FIRST, "X"): Left(4, (2,)),
    (AFTER, "K1"): Left(2, ()), (AFTER, "K2"): Left(2, (2,)), (AFTER, "K3"): Left(2, (2, 3)),
    (AFTER, "K4"): Left(4, (2, 3)), (AFTER, "X"): Left(2, (2,)),
    (AUTO, "K1"): Left(2, ()), (AUTO, "K2"): Left(2, (2,)), (AUTO, "K3"): Left(2, (2, 3)),
    (AUTO, "K4"): Left(4, (2, 3)), (AUTO, "X"): Left(4, (2,)),
    (AUTO, "pool"): Left(4, (2,)),
}  # fmt: skip
MOMENTS = {
    "K1": "kill -9 when poll 2 has returned", "K2": "kill -9 inside the charging of r3",
    "K3": "kill -9 when r3 is charged", "K4": "kill -9 when poll 2 is committed",
    "X": "charging r3 raises, and close() runs", "pool": "r3 in a worker's hand, poll 3 made, then kill -9",
}  # fmt: skip


def play(world: World, how: str, moment: str) -> None:
    """One run of the application, its end, and the next run."""
    world.create_topic("orders", (1,))
    producer = world.producer("A", linger_ms=5)
    for number in range(4):
        producer.produce("orders", value=f"r{number}", partition=0)
    producer.flush(10)
    consumer = member(world, "first", how)
    hand_out(consumer, how)
    charge(world, 0, 1)
    if how == AFTER:
        consumer.commit(asynchronous=False)
    hand_out(consumer, how)
    end(world, consumer, how, moment)
    world.wait(7_000)
    world.note(AGAIN)
    again = member(world, "second", AFTER)
    start = again.committed([world.partition("orders", 0)], 5)[0].offset
    world.note(f"The next run goes on at {start}.")
    while records := again.consume(2, 3):
        charge(world, *(record.offset() for record in records))
        again.commit(asynchronous=False)
    world.note(READ)
    again.close()


def member(world: World, name: str, how: str) -> Any:
    """A member of the group that charges."""
    consumer = world.consumer(
        name, group_id="billing", auto_offset_reset="earliest", session_timeout_ms=6_000, max_poll_records=2,
        enable_auto_commit="true" if how == AUTO else "false", auto_commit_interval_ms=1_000,
    )  # fmt: skip
    consumer.subscribe(["orders"])
    return consumer


def hand_out(consumer: Any, how: str) -> None:
    """Poll, and commit at once if that comes first."""
    consumer.consume(2, 5)
    if how == FIRST:
        consumer.commit(asynchronous=False)


def charge(world: World, *numbers: int) -> None:
    """Charge for some records, one after the other."""
    for number in numbers:
        world.wait(CHARGE_MS)
        world.note(f"r{number} is charged.")


def end(world: World, consumer: Any, how: str, moment: str) -> None:
    """What comes after poll 2, and how it ends."""
    if moment == "K1":
        world.wait(50)  # what poll 2 has sent arrives
    else:
        charge(world, 2)
    if moment in ("K3", "K4"):
        charge(world, 3)
    if moment == "pool":
        world.wait(CHARGE_MS)
    if moment == "K4" and how == AFTER:
        consumer.commit(asynchronous=False)
    if (moment == "K4" and how == AUTO) or moment == "pool":
        consumer.consume(2, 0.5)
    if moment == "K2":
        world.wait(CHARGE_MS // 2)
    if moment == "X":
        world.wait(CHARGE_MS // 2)
        world.note(FAILS)
        consumer.close()
    else:
        world.kill(consumer)


class Played(Mapping[str, Trace]):
    """The runs, each played when somebody looks at it."""

    def __init__(self) -> None:
        self._kept: dict[str, Trace] = {}

    def __getitem__(self, name: str) -> Trace:
        if name not in self._kept:
            how, _, moment = name.rpartition(", ")
            self._kept[name] = run_scenario(scenario_of(how, moment))
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return (f"{how}, {moment}" for how, moment in LEFT)

    def __len__(self) -> int:
        return len(LEFT)


def scenario_of(how: str, moment: str) -> Scenario:
    """One cell of the table."""
    over = {"text": FAILS} if moment == "X" else {}
    return Scenario(
        id=f"12_crash_table_{moment}",
        title=f"{how}: {MOMENTS[moment]}",
        moral="What is committed says where to go on, and nothing about what is done.",
        play=partial(play, how=how, moment=moment),
        brokers=1,
        settings={
            "offsets.topic.num.partitions": "1", "offsets.topic.replication.factor": "1",
            "group.initial.rebalance.delay.ms": "0",
        },
        scenes=(
            Scene("Poll 2 hands out r2 and r3", "RecordsConsumed", "consumer-first", {"position": 4}),
            Scene("It ends", "Note" if moment == "X" else "NodeCrashed", "", over),
            Scene("It is started again", "Note", "", {"text": AGAIN}),
            Scene("Where it goes on", "Note"),
            Scene("Everything has been read", "Note", "", {"text": READ}),
        ),
    )  # fmt: skip


def record() -> Runs:
    """All of the table."""
    return Played()


TEXTS = {
    "a": "everything is charged once", "b": "r3 is never charged", "c": "r2 and r3 are never charged",
    "d": "r2 is charged twice", "e": "r2 and r3 are charged twice",
}  # fmt: skip
BELIEFS = {
    "a": "Once is possible only if what is committed and what is done are the same at this moment.",
    "b": "r3 is skipped only if 4 is committed before r3 is done.",
    "c": "Both are skipped only if 4 is committed before either is done.",
    "d": "r2 is repeated only if it is done while 2 is still what is committed.",
    "e": "Both are repeated only if both are done while 2 is still what is committed.",
}


def cell(how: str, moment: str) -> Pick:
    """One question."""
    left, name = LEFT[(how, moment)], f"{how}, {moment}"

    def choice(letter: str) -> Choice:
        begin = "Yes." if letter == left.letter else BELIEFS[letter]
        return Choice(TEXTS[letter], f"{begin} {left.sentence}", Shown(name, 4))

    key = f"{how.replace(' ', '_').replace('-', '_')}_{moment.lower()}"
    return Pick(key, f"{how}, {MOMENTS[moment]}. What becomes of r2 and r3?", {one: choice(one) for one in TEXTS},
                left.letter)  # fmt: skip


WHY = Pick(
    "why_close_loses",
    "with auto-commit, a kill inside r3 loses nothing, and an exception in r3 with close() loses r3. Why?",
    {
        "a": Choice(
            "the exception marks r3 as failed, and Kafka skips it",
            "Nobody tells Kafka about the exception. Look at what close() sends: an offset, and nothing else.",
            Shown(f"{AUTO}, X", 2),
        ),
        "b": Choice(
            "close() commits the position: what was handed out, done or not",
            "Yes. A process that is killed commits nothing more, so its last commit stands.",
            Shown(f"{AUTO}, X", 4),
        ),
        "c": Choice(
            "the interval was over inside r3",
            "Time alone commits nothing: the automatic commit happens inside poll and close. In the killed run the "
            "same time has passed.",
            Shown(f"{AUTO}, K2", 4),
        ),
    },
    "b",
)

EXERCISE = Predict(
    order=1,
    questions=(*(cell(how, moment) for how, moment in LEFT), WHY),
    record=record,
    praise_text="Lost: committed and not done. Repeated: done and not committed. There is no third kind.",
)
