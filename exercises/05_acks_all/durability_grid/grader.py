"""05/durability_grid: one record, twelve settings, the power fails right after the answer; and the run of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from minikafka.grading.predict import Choice, Pick, Predict, Runs, Shown
from minikafka.sim.scenario import Scenario, Scene, World
from minikafka.trace.trace import Trace
from minikafka.world import run_scenario

SLOW_MS = 300
"""How much later than the producer's answer a follower hears of a record."""
SENDS, FAILS, BACK = "A sends tea.", "The power of broker 1 fails.", "Everybody is back."
HEARS, LEFT = 2, 5
"""Scenes of each run."""


class Cell(NamedTuple):
    """One square of the grid."""

    acks: str
    isr: int
    minimum: int

    @property
    def name(self) -> str:
        """Of the question, and of its run."""
        return f"acks_{self.acks}_isr_{self.isr}_min_{self.minimum}"

    @property
    def text(self) -> str:
        """In words."""
        return f"acks={self.acks}, {self.isr} in sync, min.insync.replicas={self.minimum}"


# Held against the runs by tests/grading/test_durability_grid.py.
GRID = {
    Cell("1", 3, 1): "b", Cell("1", 2, 1): "b", Cell("1", 1, 1): "b",
    Cell("1", 3, 2): "b", Cell("1", 2, 2): "b", Cell("1", 1, 2): "b",
    Cell("all", 3, 1): "c", Cell("all", 2, 1): "c", Cell("all", 1, 1): "b",
    Cell("all", 3, 2): "c", Cell("all", 2, 2): "c", Cell("all", 1, 2): "a",
}  # fmt: skip
TEXTS = {"a": "refused", "b": "stored, and lost", "c": "stored, and still there"}


def play(world: World, cell: Cell) -> None:
    """One record, and the power of the leader."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas=str(cell.minimum))
    producer = world.producer("A", acks=cell.acks, linger_ms=0, retries="0", enable_idempotence="false")
    world.wait(1_000)
    gone = (3, 2)[: 3 - cell.isr]
    for broker in gone:
        world.strike("crash", broker)
        world.wait(12_000)
    for follower in {2, 3} - set(gone):
        world.strike("slow", 1, follower, SLOW_MS)
    world.wait(2_000)
    send(world, producer)
    world.note(FAILS)
    world.strike("power_loss", 1)
    world.wait(12_000)
    world.strike("heal")
    for broker in (*gone, 1):
        world.strike("restart", broker)
    world.wait(15_000)
    world.note(BACK)
    look(world)


def send(world: World, producer: Any) -> None:
    """One record, and what its producer hears."""
    heard: list[Any] = []
    world.note(SENDS)
    producer.produce("orders", value="tea", partition=0, on_delivery=lambda error, message: heard.append(error))
    producer.flush(10)
    world.note(f"A hears {heard[0].name()}." if heard[0] else "A hears that tea is stored.")


def look(world: World) -> None:
    """Who reads from the beginning?"""
    reader = world.consumer("reader", group_id="reader", auto_offset_reset="earliest", enable_auto_commit="false")
    reader.assign([world.partition("orders", 0, 0)])
    found = reader.consume(1, 5)
    world.note("tea is there." if found else "tea is nowhere.")


class Played(Mapping[str, Trace]):
    """The runs, each played when somebody looks at it."""

    def __init__(self) -> None:
        self._kept: dict[str, Trace] = {}

    def __getitem__(self, name: str) -> Trace:
        if name not in self._kept:
            self._kept[name] = run_scenario(scenario_of(next(cell for cell in GRID if cell.name == name)))
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return (cell.name for cell in GRID)

    def __len__(self) -> int:
        return len(GRID)


def scenario_of(cell: Cell) -> Scenario:
    """One square."""
    return Scenario(
        id=f"05_{cell.name}",
        title=cell.text,
        moral="What is stored is as safe as those who were in sync, and who were asked.",
        play=partial(play, cell=cell),
        scenes=(
            Scene("A sends tea", "Note", "", {"text": SENDS}),
            Scene("What A hears", "Note"),
            Scene("The power fails", "Note", "", {"text": FAILS}),
            Scene("Everybody is back", "Note", "", {"text": BACK}),
            Scene("What is left", "Note"),
        ),
    )  # fmt: skip


def record() -> Runs:
    """All of the grid."""
    return Played()


# --- what is said to each choice ---


def choice(cell: Cell, letter: str) -> Choice:
    """One letter for one square, and the scene that shows what becomes of it."""
    truth = GRID[cell]
    scene = LEFT if "a" not in (letter, truth) else HEARS
    begin = "Yes. " if letter == truth else ""
    return Choice(TEXTS[letter], begin + _why(cell, letter), Shown(cell.name, scene))


def _why(cell: Cell, letter: str) -> str:
    if GRID[cell] == "a":
        after = {"b": " So nothing is lost that was promised.", "c": " Nobody wrote anything."}.get(letter, "")
        return f"One is in sync and two are asked for: A is refused before anything is written.{after}"
    if cell.acks == "1":
        return _why_alone(cell, letter)
    if letter == "a":
        return f"The minimum is {cell.minimum}, and {_in_sync(cell)} in sync: that is enough."
    if cell.isr == 1:
        return "All that were in sync had it, and that was broker 1 alone, in its memory."
    return f"A heard *stored* when all {cell.isr} in sync had it, and the next leader is one of them."


def _why_alone(cell: Cell, letter: str) -> str:
    if letter == "a":
        alone = " That it is alone would be a reason with acks=all only." if cell.isr < cell.minimum else ""
        return f"With acks=1 the leader looks at its own log and at nothing else: A hears *stored*.{alone}"
    if cell.isr == 1:
        return "Broker 1 answered for its own memory, and there was nobody else."
    return f"Broker 1 answered before anybody had fetched tea; that {cell.isr} were in sync helped nobody."


def _in_sync(cell: Cell) -> str:
    return "one is" if cell.isr == 1 else f"{cell.isr} are"


def square(cell: Cell) -> Pick:
    """One question."""
    return Pick(
        cell.name, f"{cell.text}. What becomes of tea?", {letter: choice(cell, letter) for letter in TEXTS}, GRID[cell]
    )


FEW, MANY, ALONE = Cell("all", 1, 2), Cell("all", 3, 1), Cell("1", 1, 2)

WHYS = (
    Pick(
        "copies",
        "acks=all, 3 in sync, min.insync.replicas=1. How many brokers have tea when A hears that it is stored?",
        {
            "a": Choice(
                "one: the minimum", "The minimum says when to refuse, not when to answer. Count the logs with tea.",
                Shown(MANY.name, HEARS),
            ),
            "b": Choice(
                "two: a majority", "Nobody counts to a majority here. Count the logs that have tea.",
                Shown(MANY.name, HEARS),
            ),
            "c": Choice("three: all that are in sync", "Yes, all three logs have it by then.", Shown(MANY.name, HEARS)),
        },
        "c",
    ),
    Pick(
        "not_refused",
        "acks=1, 1 in sync, min.insync.replicas=2. Why is tea not refused?",
        {
            "a": Choice(
                "only acks=all asks about the minimum", "Yes. In the same cluster acks=all hears an error.",
                Shown(ALONE.name, HEARS),
            ),
            "b": Choice(
                "there are three replicas, and that is enough",
                "There are three replicas here, too, and A is refused. The minimum counts those in sync.",
                Shown(FEW.name, HEARS),
            ),
            "c": Choice(
                "it is refused later, after it was written",
                "A hears that tea is stored. Errors after the append are for acks=all as well.",
                Shown(ALONE.name, HEARS),
            ),
        },
        "a",
    ),
    Pick(
        "minimum",
        "acks=all. What does a minimum of 2 change, compared with 1?",
        {
            "a": Choice(
                "the answer comes when two have tea, and not all",
                "With three in sync it comes when all three have it, whatever the minimum.",
                Shown(Cell("all", 3, 2).name, HEARS),
            ),
            "b": Choice(
                "one alone does not take tea any more", "Yes: what it cannot keep it does not promise.",
                Shown(FEW.name, HEARS),
            ),
            "c": Choice(
                "one alone takes tea, and answers when a second one is back",
                "It refuses, and writes nothing. A producer that tries again is refused again.", Shown(FEW.name, HEARS),
            ),
        },
        "b",
    ),
)  # fmt: skip

EXERCISE = Predict(
    order=4,
    questions=(*(square(cell) for cell in GRID), *WHYS),
    record=record,
    praise_text="*Stored* is as safe as those who had to have it: one with acks=1, all in sync with acks=all.",
)
