"""Anomalies that a scenario shows on purpose: I19 reordering, I25 cross-talk of transactions, I26 doubled work.

Where the cure is switched off they are no fault of the code: then they are looked for by name only
(`by_promise("I19")`). Where it is on, explored schedules may not show them: numbered producers keep their order, no
transaction is ended by a request of another, and no result of workers stands there twice.

What we leave out: a late *write* that falls into the next transaction; I23 sees that one.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from minikafka.client.consumer import ConsumerNode
from minikafka.client.producer import ProducerNode
from minikafka.protocol import facts
from minikafka.sim.checkers import ledger
from minikafka.sim.checkers.copies import text_of
from minikafka.sim.checkers.ledger import History, Ledger
from minikafka.sim.checkers.promise import AT_THE_END, Promise
from minikafka.trace.trace import Told
from minikafka.types import TRANSACTION_STATE_TOPIC, NodeId, Offset, TopicPartition

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation


class OrderWithoutNumbers(Promise):
    """I19: what one producer sends stands in the log in that order. With retries and no numbers it may not."""

    promise, name = "I19", "order without idempotence"
    looks_at = AT_THE_END

    def finish(self, sim: Simulation) -> str | None:
        """Compare what was sent first with what stands first."""
        for history in self.ledger.histories.values():
            leader = ledger.leader_of(sim, history)
            if leader is None or history.beyond or history.name.topic.startswith("__"):
                continue
            places: dict[bytes | None, Offset] = {}
            for batch in leader.log.batches():
                for record in batch.records():
                    places.setdefault(record.value, record.offset)
            broken = self._out_of_order(sim, history, places)
            if broken:
                return broken
        return None

    def _out_of_order(self, sim: Simulation, history: History, places: dict[bytes | None, Offset]) -> str | None:
        sent: defaultdict[NodeId, dict[bytes | None, None]] = defaultdict(dict)
        for _, node, fact in sim.recorder.told:
            if isinstance(fact, facts.ProduceSent) and fact.partition == history.name and self._is_meant(sim, node):
                sent[node].update(dict.fromkeys(value for value in fact.values if value in places))
        for producer, values in sent.items():
            for before, after in pairwise(values):
                self.premises += 1
                if places[after] < places[before]:
                    return (
                        f"{producer} sent {text_of(before)} before {text_of(after)}; {history.name} has them at "
                        f"offsets {places[before]} and {places[after]}."
                    )
        return None


    def _is_meant(self, sim: Simulation, producer: NodeId) -> bool:
        return True


class OrderWithNumbers(OrderWithoutNumbers):
    """I19: what one numbered producer sends stands in the log in that order, whatever is sent again."""

    name = "order with idempotence"

    def _is_meant(self, sim: Simulation, producer: NodeId) -> bool:
        node = sim.process(producer)
        return isinstance(node, ProducerNode) and node.config.is_idempotent


class NoCrossTalk(Promise):
    """I25: a transaction is ended by its application or its time-out, not by a late request of an earlier one.

    A coordinator whose log was lost beyond the promise ends what it knows of, which may be long over.
    """

    promise, name = "I25", "no cross-talk"
    looks_at = frozenset({facts.TransactionBegun, facts.TransactionEnding, facts.TransactionChanged})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._open: dict[str, tuple[NodeId, int]] = {}
        """Transactions that their applications have not asked to end: who, and since when."""

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Follow applications and coordinators."""
        known = self.ledger.histories
        if any(known[name].beyond for name in known if name.topic == TRANSACTION_STATE_TOPIC):
            return None
        for _, node, fact in told:
            match fact:
                case facts.TransactionBegun(name):
                    self._open[name] = (node, sim.now)
                case facts.TransactionEnding(name):
                    self._open.pop(name, None)
                case facts.TransactionChanged(name, state) if state.startswith("Prepare"):
                    if not _has_one_user(sim, name):
                        continue  # The other one may fence it, and so abort what it has open.
                    self.premises += 1
                    if name in self._open and not _is_overdue(sim, *self._open[name]):
                        return (
                            f"The coordinator ends the transaction of {self._open[name][0]} ({state}), which has not "
                            f"asked for it: that was a request of an earlier transaction."
                        )
        return None


def _has_one_user(sim: Simulation, transactional_id: str) -> bool:
    nodes = [machine.node for machine in sim.machines.values()]
    return sum(isinstance(one, ProducerNode) and one.config.transactional_id == transactional_id for one in nodes) == 1


def _is_overdue(sim: Simulation, node: NodeId, since_ms: int) -> bool:
    producer = sim.process(node)
    return isinstance(producer, ProducerNode) and sim.now - since_ms >= producer.config.transaction_timeout_ms


class OncePerGroup(Promise):
    """I26: work that commits its offsets in its transaction is done once: no committed result stands there twice.

    Results are told apart by their keys: a worker gives each the key of what it was made from. Where records were lost
    beyond the promise, nobody can know what was done.
    """

    promise, name = "I26", "offsets in the transaction"
    looks_at = frozenset({facts.RecordsConsumed})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._seen: dict[tuple[NodeId, TopicPartition, bytes], Offset] = {}
        """Where each reader was given the result of each key."""

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at what readers of committed results are given."""
        if any(known.beyond for known in self.ledger.histories.values()):
            return None
        for _, node, fact in told:
            reader = sim.process(node) if isinstance(fact, facts.RecordsConsumed) else None
            if not isinstance(reader, ConsumerNode) or reader.config.isolation_level != "read_committed":
                continue
            assert isinstance(fact, facts.RecordsConsumed)
            for offset, _, key, value in fact.records:
                if key is None:
                    continue
                self.premises += 1
                if self._seen.setdefault((node, fact.partition, key), offset) != offset:
                    return (
                        f"{node} reads a second committed result for {text_of(key)}: {text_of(value)} at offset "
                        f"{offset} of {fact.partition}."
                    )
        return None
