"""Promises about transactions: I22 read committed, I23 all or nothing, I24 none hangs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from minikafka.client.consumer import ConsumerNode
from minikafka.protocol import facts
from minikafka.protocol.records import RecordBatch, end_marker
from minikafka.sim.checkers import ledger
from minikafka.sim.checkers.copies import Cell, text_of
from minikafka.sim.checkers.ledger import History, Ledger
from minikafka.sim.checkers.promise import AT_THE_END, Promise
from minikafka.trace.trace import Told
from minikafka.types import TRANSACTION_STATE_TOPIC, NodeId, Offset, TopicPartition

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation

COMMITTED, ABORTED, OPEN = "committed", "aborted", "open"


def outcome_at(cells: list[Cell], offset: Offset) -> str:
    """What became of the transaction of the record at an offset: the next marker of its producer says so."""
    producer = -1
    for cell in cells:
        if cell.next_offset <= offset:
            continue
        batch = RecordBatch(cell.data)
        if producer < 0:
            if not batch.is_transactional:
                return COMMITTED
            producer = batch.producer_id
        elif batch.is_control and batch.producer_id == producer:
            marker = end_marker(batch)
            return COMMITTED if marker is not None and marker.commit else ABORTED
    return OPEN


class ReadCommitted(Promise):
    """I22: a read_committed consumer is given a record only if its transaction committed."""

    promise, name = "I22", "read committed"
    looks_at = frozenset({facts.RecordsConsumed})

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at everything that such consumers were given."""
        for _, node, fact in told:
            if isinstance(fact, facts.RecordsConsumed) and _reads_committed(sim, node):
                history = self.ledger.histories.get(fact.partition)
                broken = self._given(node, history, fact) if history and not history.beyond else None
                if broken:
                    return broken
        return None

    def _given(self, node: NodeId, history: History, fact: facts.RecordsConsumed) -> str | None:
        for offset, _, _, value in fact.records:
            self.premises += 1
            outcome = outcome_at(history.committed, offset)
            if outcome != COMMITTED:
                return (
                    f"{node} reads committed records only, and was given {text_of(value)} at offset {offset} of "
                    f"{history.name}, whose transaction is {outcome}."
                )
        return None


def _reads_committed(sim: Simulation, node: NodeId) -> bool:
    reader = sim.process(node)
    return isinstance(reader, ConsumerNode) and reader.config.isolation_level == "read_committed"


@dataclass(slots=True)
class _Story:
    """One transaction, as its application knows it."""

    producer: NodeId
    values: dict[TopicPartition, list[bytes | None]] = field(default_factory=lambda: defaultdict(list))
    outcome: str = OPEN
    """What the application was told; nothing yet, or never."""


class Atomicity(Promise):
    """I23: all records of a transaction have one outcome, and it is the one its application was told.

    Without protocol 2 a late request of one transaction may end the next (I25); that shows here.
    """

    promise, name = "I23", "atomicity"
    looks_at = frozenset(
        {facts.TransactionBegun, facts.ProduceAcknowledged, facts.TransactionEnded, facts.ProducerFailed}
    )

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._open: dict[NodeId, _Story] = {}
        self._stories: list[_Story] = []

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Follow what applications know of their transactions."""
        for _, node, fact in told:
            match fact:
                case facts.TransactionBegun():
                    self._open[node] = _Story(node)
                    self._stories.append(self._open[node])
                case facts.ProduceAcknowledged(partition, values=values) if node in self._open:
                    self._open[node].values[partition] += values
                case facts.TransactionEnded(_, committed) if node in self._open:
                    self._open.pop(node).outcome = COMMITTED if committed else ABORTED
                case facts.ProducerFailed(fatal=True):
                    self._open.pop(node, None)
        return None

    def finish(self, sim: Simulation) -> str | None:
        """Compare with the markers in the logs."""
        if any(history.beyond for history in self.ledger.histories.values()):
            return None
        places = {
            (history.name, record.value): history
            for history in self.ledger.histories.values()
            if not history.name.topic.startswith("__")
            for cell in history.committed
            if not RecordBatch(cell.data).is_control
            for record in cell.records()
        }
        for story in self._stories:
            broken = self._torn(story, places)
            if broken:
                return broken
        return None

    def _torn(self, story: _Story, places: dict[tuple[TopicPartition, bytes | None], History]) -> str | None:
        said: dict[str, str] = {}
        for partition, values in story.values.items():
            for value in values:
                self.premises += 1
                history = places.get((partition, value))
                outcome = "gone" if history is None else outcome_at(history.committed, _offset_of(history, value))
                said.setdefault(outcome, f"{text_of(value)} in {partition} is {outcome}")
        if story.outcome != OPEN:
            said.setdefault(story.outcome, f"its application was told: {story.outcome}")
        if story.outcome == ABORTED:
            said.pop("gone", None)
        if len(said) <= 1:
            return None
        return f"A transaction of {story.producer} is torn: {', and '.join(said.values())}."


def _offset_of(history: History, value: bytes | None) -> Offset:
    return next(record.offset for cell in history.committed for record in cell.records() if record.value == value)


def may_hang(book: Ledger, history: History) -> bool:
    """Was a marker, or what the coordinator knew, lost beyond the promise? Then nobody may be left to end it."""
    return history.beyond or coordinators_forgot(book)


def coordinators_forgot(book: Ledger) -> bool:
    """Have transaction coordinators lost records beyond the promise?"""
    return any(one.beyond for name, one in book.histories.items() if name.topic == TRANSACTION_STATE_TOPIC)


class NoHangingTransaction(Promise):
    """I24: a while after everything was mended no transaction is open: the last stable offset is the high watermark."""

    promise, name = "I24", "no hanging transaction"
    looks_at = AT_THE_END

    def settled(self, sim: Simulation) -> bool:
        """Does it hold by now?"""
        return self.finish(sim) is None

    def finish(self, sim: Simulation) -> str | None:
        """Look at every leader."""
        for history in self.ledger.histories.values():
            leader = ledger.leader_of(sim, history)
            if leader is None:
                continue
            self.premises += bool(leader.log.producers.entries)
            stable, mark = leader.log.last_stable_offset, leader.log.high_watermark
            if stable < mark and not may_hang(self.ledger, history):
                return (
                    f"After everything was mended, and every transaction timed out, {history.name} is stable up to "
                    f"{stable} only, and {mark} is committed: a transaction hangs."
                )
        return None
