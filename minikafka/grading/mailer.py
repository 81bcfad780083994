"""An application that is deployed again and again: at every start it is asked where to go on.

```
 4 s  reads, mails, commits      4 s  away      start: choose_start(committed, first_run, log start, end, allow_gap)
```

* A client of the cluster like any other, without a reset policy (`auto.offset.reset=none`); it runs beside whatever a
  schedule does there.
* That it has run before it remembers itself, outside of Kafka.
* Who goes on above what is committed, and reports no gap that covers it, has skipped records in silence. That breaks
  I29, and is said at once.

What we leave out: a group (the partition is assigned by hand), mails that fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from minikafka.config import ConsumerConfig, read_settings
from minikafka.effects import Effect, Observe, SetTimer, Timer
from minikafka.grading.beside import Application, Beside
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import OffsetToCommit
from minikafka.protocol.messages import EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, Envelope
from minikafka.types import Millis, NodeId, Offset

if TYPE_CHECKING:
    from minikafka.sim.schedule import Setup
    from minikafka.sim.simulation import Simulation

READS_MS: Millis = 4_000
AWAY_MS: Millis = 4_000
COMMITTED, FIRST, END = "committed", "first", "end"
"""What it asks before it starts."""


class Start(NamedTuple):
    """Where to go on, and what has to be said of it."""

    action: str
    """read | stop."""
    offset: Offset | None
    """None if it stops."""
    lost: tuple[Offset, Offset] | None
    """What nobody can read any more: from, to (exclusive)."""
    loud: bool
    """Has an operator to hear of it?"""


# --- the decision ---


def choose_start(committed: Offset | None, first_run: bool, log_start: Offset, end: Offset, allow_gap: bool) -> Start:
    """Where a consumer without a reset policy goes on, and whether somebody has to be told."""
    if committed is None:
        return Start("read", log_start, None, False) if first_run else Start("stop", None, None, True)
    if committed > end:
        return Start("stop", None, None, True)
    if committed < log_start:
        lost = (committed, log_start)
        return Start("read", log_start, lost, True) if allow_gap else Start("stop", None, lost, True)
    return Start("read", committed, None, False)


# --- the application ---


class Mailer(Application):
    """The consumer, what it asks before it starts, and what came of that."""

    def __init__(self, setup: Setup, bootstrap: tuple[NodeId, ...]) -> None:
        settings = {"group.id": "mailer", "auto.offset.reset": "none", "enable.auto.commit": False}
        super().__init__("consumer-mailer", read_settings(ConsumerConfig, settings, "consumer"), bootstrap)
        self.partition = setup.partition
        self.has_run = False
        self.asked: dict[str, int] = {}
        """The tickets of what it waits for; empty: it is reading, or away."""
        self.is_reading = False

    @property
    def first_call(self) -> str:
        """See `Application.first_call`."""
        return f"read {self.partition}"

    def open(self, now: Millis) -> list[Effect]:
        """It is deployed: first it asks where it stands."""
        effects = self.ask_committed((self.partition,), now)
        self.asked = {COMMITTED: self.last_ticket}
        for name, timestamp in ((FIRST, EARLIEST_TIMESTAMP), (END, LATEST_TIMESTAMP)):
            effects += self.look_up({self.partition: timestamp}, now)
            self.asked[name] = self.last_ticket
        return effects

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """See `Node.handle`."""
        return super().handle(envelope, now) + self._go_on(now)

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """See `Node.fire`."""
        match timer.name:
            case "away":
                self.is_reading = False
                gone = self.incremental_unassign((self.partition,), now)
                return [*gone, SetTimer(Timer("deploy"), AWAY_MS)]
            case "deploy":
                return self.open(now)
        return super().fire(timer, now) + self._go_on(now)

    def _go_on(self, now: Millis) -> list[Effect]:
        if self.asked:
            return self._start_if_answered(now)
        effects: list[Effect] = []
        while self.is_reading and self.state.buffer:
            last = self.state.buffer[-1].record.offset + 1
            effects += self.poll(True, now)
            effects += self.commit({self.partition: OffsetToCommit(self.partition, last)}, True, now)
        self.state.commits.clear()
        return effects

    def _start_if_answered(self, now: Millis) -> list[Effect]:
        heard: dict[str, Offset] = {}
        for name, ticket in self.asked.items():
            answer = self.state.answers.get(ticket, {}).get(self.partition)
            if answer is None:
                return []
            if answer[2] != ErrorCode.NONE:
                return self._ask_again()
            heard[name] = answer[0]
        self._forget()
        committed = heard[COMMITTED] if heard[COMMITTED] >= 0 else None
        return self._start(committed, heard[FIRST], heard[END], now)

    def _ask_again(self) -> list[Effect]:
        self._forget()
        return [SetTimer(Timer("deploy"), AWAY_MS)]

    def _forget(self) -> None:
        for ticket in self.asked.values():
            self.forget(ticket)
        self.asked = {}

    def _start(self, committed: Offset | None, log_start: Offset, end: Offset, now: Millis) -> list[Effect]:
        known = "nothing" if committed is None else str(committed)
        text = f"The mailer starts: {known} is committed, the log begins at {log_start} and ends before {end}."
        effects: list[Effect] = [Observe(facts.Note(text))]
        start = choose_start(committed, not self.has_run, log_start, end, True)
        if start.action == "stop" or start.offset is None:
            stops = facts.Note("The mailer stops, and waits for an operator.")
            return [*effects, Observe(stops), SetTimer(Timer("deploy"), AWAY_MS)]
        self.has_run = True
        self._judge(committed, start, start.offset)
        if start.loud and start.lost is not None:
            gone = f"The mailer says: {start.lost[0]} to {start.lost[1] - 1} are gone."
            effects.append(Observe(facts.Note(gone)))
        self.is_reading = True
        effects += self.incremental_assign({self.partition: start.offset}, now) + self.poll(True, now)
        if committed is None:  # where it starts is where it stands, even if nothing comes for a week
            effects += self.commit({self.partition: OffsetToCommit(self.partition, start.offset)}, True, now)
        return [*effects, SetTimer(Timer("away"), READS_MS)]

    def _judge(self, committed: Offset | None, start: Start, offset: Offset) -> None:
        if committed is None or offset <= committed or self.broken:
            return
        told = start.lost if start.loud else None
        if told is None or told[0] > committed or told[1] < offset:
            self.broken = (
                f"{committed} is committed, and it goes on at {offset}: what lies between is neither mailed nor "
                "reported. Nobody will ever hear of it."
            )


class MailerRuns(Beside[Mailer]):
    """The mailer beside a cluster, judged by where it goes on."""

    about = "the mailer"

    def make(self, sim: Simulation, bootstrap: tuple[NodeId, ...]) -> Mailer:
        """See `Beside.make`."""
        return Mailer(self.setup, bootstrap)
