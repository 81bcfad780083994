"""Kind O: put the steps of a protocol in order. Every order is played; a wrong one shows the harm that it does.

The answer file is read, not run: `order = ["b", "a", "c"]`. No list of right orders exists anywhere: an order is right
if its run does no harm, so every order that works is accepted. A protocol of two sides has a list for each, and there
may be more cards than places: a card too many is a belief that the run contradicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from minikafka.grading.attack import Harm
from minikafka.grading.exercise import Exercise, Grading
from minikafka.grading.predict import Unreadable, read_answers
from minikafka.grading.transplant import WAIT_MS
from minikafka.grading.verdict import NOT_YET, PASSED, Verdict
from minikafka.sim.schedule import Run, Setup, go_on_until, play, schedule
from minikafka.stage.page import page
from minikafka.trace.trace import Trace
from minikafka.types import Millis


class Row(NamedTuple):
    """One list of the answer file: its name, how many cards it takes, and which ones there are for it."""

    name: str
    places: int
    cards: tuple[str, ...]


class Misorder(NamedTuple):
    """A known way to be wrong, and the reply written for it."""

    name: str
    when: Callable[[tuple[str, ...], Harm], bool]
    """(the cards, what they did): is it this one?"""
    reply: str


class Played(NamedTuple):
    """An order, carried out."""

    trace: Trace
    harm: Harm


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An exercise that asks for an order."""

    order: int
    ask: str
    steps: Mapping[str, str]
    """What each letter, or card, does, in words."""
    play: Callable[[tuple[str, ...]], Played]
    """Carries the steps out in this order; of several rows, one behind the other."""
    look: str
    """What to look at in a run that did harm."""
    praise_text: str
    rows: tuple[Row, ...] = ()
    """The lists of the answer file; without any, one list `order` of all letters."""
    mistakes: tuple[Misorder, ...] = ()
    """The first that fits is the one."""

    letter: ClassVar[str] = "O"

    def checks(self) -> list[str]:
        """The letters, then the run."""
        return ["letters", "run"]

    def open(self, exercise: Exercise, file: Path) -> AbstractContextManager[Grading]:
        """Begin to judge a file."""
        return nullcontext(OrderGrading(exercise, self, file))

    def praise(self, exercise: Exercise) -> Verdict:
        """What is said when the run did no harm."""
        return Verdict(exercise.id, PASSED, f"This order does no harm. {self.praise_text}", "", "", "")


class OrderGrading:
    """One answer, being judged."""

    def __init__(self, exercise: Exercise, order: Order, file: Path) -> None:
        self.exercise, self.order, self.file = exercise, order, file

    def run(self, check: str) -> Verdict:
        """Read the letters, or play them."""
        try:
            letters = self._read()
            verdict = self._played(letters) if check == "run" else self._holds("Each letter stands there once.")
        except Unreadable as problem:
            verdict = self._not_readable(str(problem))
        return replace(verdict, check=check)

    def _read(self) -> tuple[str, ...]:
        if self.order.rows:
            found = read_answers(self.file, [row.name for row in self.order.rows])
            return tuple(card for row in self.order.rows for card in _cards_of(row, found[row.name]))
        order = read_answers(self.file, ["order"])["order"]
        wanted = sorted(self.order.steps)
        if not isinstance(order, list) or sorted(map(str, order)) != wanted:
            expected = f"the letters {', '.join(wanted)} in a list, each once"
            raise Unreadable(f"order = {_short(order)}; expected {expected}")
        return tuple(order)

    def _holds(self, said: str) -> Verdict:
        return Verdict(self.exercise.id, PASSED, said, "", "", "")

    def _not_readable(self, problem: str) -> Verdict:
        return Verdict(
            self.exercise.id,
            NOT_YET,
            f"We read {self.file.name}: {self.order.ask}",
            f"Your file: {problem}.",
            "No promise: nothing was played.",
            "README.md says what each one does.",
            mistake="unreadable",
            requirement="letters",
            promise="letters",
        )

    def _played(self, letters: tuple[str, ...]) -> Verdict:
        trace, harm = self.order.play(letters)
        if not harm.done:
            return self._holds(harm.sentence)
        known = next((one for one in self.order.mistakes if one.when(letters, harm)), None)
        file = self.exercise.page
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(trace, step=harm.step, title=f"{self.exercise.id}: your order"), encoding="utf-8")
        return Verdict(
            self.exercise.id,
            NOT_YET,
            f"We carried out your order: {'; '.join(self.order.steps[letter] for letter in letters)}.",
            f"Your order {'-'.join(letters)} did harm: {harm.sentence.rstrip('.')}; expected an order that does none.",
            harm.sentence,
            f"Step {harm.step}. {known.reply if known is not None else self.order.look}",
            mistake=known.name if known is not None else "-".join(letters),
            requirement="run",
            promise="run",
            step=harm.step,
            seed=trace.document["seed"],
            page=file,
        )


def _cards_of(row: Row, found: Any) -> Sequence[str]:
    """The cards of one list. Raises `Unreadable`."""
    fits = isinstance(found, list | tuple) and len(found) == row.places
    if not fits or len({str(card) for card in found}) != row.places or not all(card in row.cards for card in found):
        expected = f"the cards {', '.join(row.cards)} in a list: {row.places} of them, none twice"
        raise Unreadable(f"{row.name} = {_short(found)}; expected {expected}")
    return tuple(found)


def _short(found: Any) -> str:
    return repr(found) if len(repr(found)) < 80 else "something longer"


def as_schedule(
    rows: Mapping[str, Sequence[Any]],
    harm: Callable[[Run], Harm],
    setup: Setup,
    apart_ms: Millis,
    after: Sequence[tuple[Any, ...]] = (),
) -> Callable[[tuple[str, ...]], Played]:
    """For `Order.play`: each letter is a row `(verb, arguments…)` of a schedule, one every `apart_ms`; then `after`."""

    def carry_out(letters: tuple[str, ...]) -> Played:
        mine = [(number * apart_ms, *rows[letter]) for number, letter in enumerate(letters)]
        lines = schedule(*mine, *((len(letters) * apart_ms + at_ms, *rest) for at_ms, *rest in after))
        run = play(setup, lines, inspect=lambda run: go_on_until(run, run.sim.now + WAIT_MS))
        return Played(run.trace(), harm(run))

    return carry_out
