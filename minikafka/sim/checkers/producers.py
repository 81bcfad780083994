"""Promises to numbered producers: I18 idempotence, I20 what recovery knows of them, I21 zombies are fenced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from minikafka.log.producer_state import ProducerState, ProducerStates
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import MAX_SEQUENCE, RecordBatch, split_batches
from minikafka.sim.checkers import ledger
from minikafka.sim.checkers.copies import Copy, text_of
from minikafka.sim.checkers.ledger import History, Ledger
from minikafka.sim.checkers.promise import Promise
from minikafka.trace.trace import Told
from minikafka.types import TRANSACTION_STATE_TOPIC, BrokerId, NodeId, Offset, TopicPartition, number_of

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation

Place = tuple[Offset, int, int]
"""(offset, producer id, sequence number)"""
Session = tuple[int, int]
"""(producer id, producer epoch): its sequence numbers begin with 0."""


class Idempotence(Promise):
    """I18: each record of a numbered producer is in the log once, in the order in which it was sent.

    Kafka leaves two holes, which are reported as beyond the promise. Both begin with a batch that is refused as out of
    order: its producer begins anew with all that is under way, also with what is there already
    (`requestIdempotentEpochBump`):

    * A leader that knows nothing of a producer takes any number (`ProducerAppendInfo.checkSequence`), so the second
      batch may have been taken and the first refused.
    * A snapshot holds the last batch of a producer only (`ProducerStateManager`), so a broker that comes back with one
      refuses what was written before it, instead of saying that it is there.
    """

    promise, name = "I18", "idempotence"
    looks_at = frozenset({facts.LogRecovered, facts.LogTruncated})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._known_in_part: defaultdict[TopicPartition, set[Session]] = defaultdict(set)
        """Of these a broker came back with fewer batches than it would know had it run on."""

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Note what a log did not find in its snapshot."""
        for _, node, fact in told:
            if isinstance(fact, facts.LogRecovered | facts.LogTruncated):
                copy = self.ledger.copy_of(number_of(node), fact.partition)
                replica = ledger.replica_of(sim, number_of(node), fact.partition)
                if copy and replica:
                    self._known_in_part[fact.partition] |= known_in_part(replica.log.producers, copy)
        return None

    def finish(self, sim: Simulation) -> str | None:
        """Look through the logs of all leaders."""
        orders = _sent_in_order(sim)
        for history in self.ledger.histories.values():
            leader = ledger.leader_of(sim, history)
            if leader is None or history.beyond or history.name.topic.startswith("__"):
                continue
            batches = list(leader.log.batches())
            broken = self._judge(history, places := _places(batches), orders)
            for hole, why in self._holes(history, leader.broker_id, batches) if broken else ():
                places = {value: found for value, found in places.items() if value not in hole}
                excused, broken = broken, self._judge(history, places, orders)
                if not broken:
                    self.ledger.report_beyond(sim, history, f"{excused} That", why)
                    break
            if broken:
                return broken
        return None

    def _holes(
        self, history: History, leader: BrokerId, batches: list[RecordBatch]
    ) -> Iterator[tuple[set[bytes], str]]:
        yield (
            values_taken_unknown(history.copies[leader]),
            "its leader knew nothing of the producer, and then takes whatever number comes first",
        )
        yield (
            values_begun_anew(batches, self._known_in_part[history.name]),
            "a broker that comes back with a snapshot knows of each producer's last batch only, and refuses the others",
        )

    def _judge(
        self, history: History, places: dict[bytes, list[Place]], orders: dict[NodeId, list[bytes]]
    ) -> str | None:
        return self._once(history, places) or self._in_order(history, places, orders)

    def _once(self, history: History, places: dict[bytes, list[Place]]) -> str | None:
        for value, found in places.items():
            self.premises += 1
            if len(found) > 1:
                offsets = " and ".join(str(place[0]) for place in found)
                return (
                    f"Record {text_of(value)} of producer id {found[0][1]} was sent once, and stands in {history.name} "
                    f"at offsets {offsets}."
                )
        return None

    def _in_order(
        self, history: History, places: dict[bytes, list[Place]], orders: dict[NodeId, list[bytes]]
    ) -> str | None:
        for producer, values in orders.items():
            found = [(places[value][0][0], value) for value in values if value in places]
            for (one, before), (other, after) in pairwise(found):
                if other < one:
                    return (
                        f"{producer} sent {text_of(before)} before {text_of(after)}; "
                        f"{history.name} has them at offsets {one} and {other}."
                    )
        return None


def _sent_in_order(sim: Simulation) -> dict[NodeId, list[bytes]]:
    """What each producer sent, by its first attempt."""
    sent: defaultdict[NodeId, dict[bytes, None]] = defaultdict(dict)
    for _, node, fact in sim.recorder.told:
        if isinstance(fact, facts.ProduceSent) and fact.attempt == 1:
            sent[node].update(dict.fromkeys(value for value in fact.values if value is not None))
    return {node: list(values) for node, values in sent.items()}


def _places(batches: list[RecordBatch]) -> dict[bytes, list[Place]]:
    """Where the records of numbered producers stand."""
    places: defaultdict[bytes, list[Place]] = defaultdict(list)
    for batch in batches:
        if batch.producer_id >= 0 and not batch.is_control:
            for number, record in enumerate(batch.records()):
                if record.value is not None:
                    places[record.value].append((record.offset, batch.producer_id, batch.base_sequence + number))
    return places


def values_taken_unknown(copy: Copy) -> set[bytes]:
    """Values of producers whose first batch in an epoch, of all that was ever written here, is not their number 0."""
    epochs: dict[tuple[int, int], bool] = {}
    values: set[bytes] = set()
    for cell in copy.cells if copy.begins == 0 else ():
        if not cell.data:
            break  # Nobody knows whose it was.
        batch = RecordBatch(cell.data)
        if batch.producer_id >= 0 and not batch.is_control:
            began_late = epochs.setdefault((batch.producer_id, batch.producer_epoch), batch.base_sequence > 0)
            if began_late:
                values.update(record.value for record in batch.records() if record.value is not None)
    return values


def known_in_part(states: ProducerStates, copy: Copy) -> set[Session]:
    """Sessions of which a log's book has a last batch, but not those before it that its batches tell."""
    return {
        (number, known.producer_epoch)
        for number, expected in written(copy).items()
        if (known := states.entries.get(number)) is not None
        and known.producer_epoch == expected.producer_epoch
        and 0 < len(known.batches) < len(expected.batches)
    }


def values_begun_anew(batches: list[RecordBatch], known_in_part: set[Session]) -> set[bytes]:
    """Values that stand once in several sessions each, one of them known in part: within a session nothing excuses."""
    standing: defaultdict[bytes, list[Session]] = defaultdict(list)
    for batch in batches if known_in_part else ():
        if batch.producer_id >= 0 and not batch.is_control:
            for record in batch.records():
                if record.value is not None:
                    standing[record.value].append((batch.producer_id, batch.producer_epoch))
    return {
        value
        for value, sessions in standing.items()
        if len(set(sessions)) == len(sessions) > 1 and not known_in_part.isdisjoint(sessions)
    }


class ProducerStateRecovery(Promise):
    """I20: after a start, a log knows of its producers what its batches say, snapshot or not.

    Whoever has written nothing since the log start may be forgotten, and then any number follows; but nobody is refused
    whose number follows the last that was written.
    """

    promise, name = "I20", "producer state recovery"
    looks_at = frozenset({facts.LogRecovered, facts.BatchRefused})

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Compare with what the batches alone would say."""
        for _, node, fact in told:
            broken = None
            match fact:
                case facts.LogRecovered(partition):
                    broken = self._recovered(sim, number_of(node), partition)
                case facts.BatchRefused(error=ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER):
                    broken = self._refused(number_of(node), fact)
            if broken:
                return broken
        return None

    def _recovered(self, sim: Simulation, broker: BrokerId, partition: TopicPartition) -> str | None:
        copy = self.ledger.copy_of(broker, partition)
        replica = ledger.replica_of(sim, broker, partition)
        if replica is None or copy is None:
            return None
        self.premises += bool(replica.log.producers.entries)
        wrong = forgotten(replica.log.producers, copy, replica.log.log_start_offset)
        return f"Broker {broker} recovered {partition} and knows of {wrong}" if wrong else None

    def _refused(self, broker: BrokerId, fact: facts.BatchRefused) -> str | None:
        copy = self.ledger.copy_of(broker, fact.partition)
        known = written(copy).get(fact.producer_id) if copy else None
        if known is None or known.producer_epoch != fact.producer_epoch:
            return None
        self.premises += 1
        if fact.first_sequence != (known.last_sequence + 1) % (MAX_SEQUENCE + 1):
            return None
        return (
            f"Broker {broker} refused sequence {fact.first_sequence} of producer {fact.producer_id} in "
            f"{fact.partition} as out of order; the last that was written there is {known.last_sequence}."
        )


def written(copy: Copy) -> dict[int, ProducerState]:
    """What the batches of a copy say of their producers, from the first that was ever written there."""
    states = ProducerStates()
    for batch in copy.batches():
        states.update(batch)
    return states.entries


def forgotten(states: ProducerStates, copy: Copy, start: Offset = 0) -> str:
    """Where a log's book of producers is not what the batches say, in the end of a sentence; else empty.

    Who has written nothing at or above `start` need not be known.
    """
    for number, expected in written(copy).items():
        known = states.entries.get(number)
        if known is None and all(batch.last_offset < start for batch in expected.batches):
            continue
        if known is None or _decisive(known) != _decisive(expected):
            return (
                f"producer {number} (epoch, last sequence, open since) {known and _decisive(known)}; its batches say "
                f"{_decisive(expected)}."
            )
    return ""


def _decisive(entry: ProducerState) -> tuple[int, int, Offset]:
    """What decides about the next batch. A snapshot keeps of the last five batches only the newest, as Kafka's does."""
    return entry.producer_epoch, entry.last_sequence, entry.transaction_start


class ZombieFencing(Promise):
    """I21: once a transactional id has a new epoch, nothing of an older one is appended (KIP-98).

    The epoch is a record of `__transaction_state`. Where that was lost beyond the promise, the next coordinator cannot
    know it, and what was granted before is owed to nobody.
    """

    promise, name = "I21", "zombie fencing"
    looks_at = frozenset({facts.ProducerIdGranted, facts.RecordsAppended, facts.CoordinatorLoaded})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._granted: dict[int, tuple[int, str]] = {}
        """For each producer id (epoch, transactional id)."""

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Note what was granted; look at what leaders append."""
        for _, node, fact in told:
            if isinstance(fact, facts.ProducerIdGranted) and fact.transactional_id:
                self._granted[fact.producer_id] = (fact.producer_epoch, fact.transactional_id)
            elif isinstance(fact, facts.CoordinatorLoaded) and fact.partition.topic == TRANSACTION_STATE_TOPIC:
                if self.ledger.histories[fact.partition].beyond:
                    self._granted.clear()
            elif isinstance(fact, facts.RecordsAppended) and fact.as_leader and self._granted:
                broken = self._appended(node, fact)
                if broken:
                    return broken
        return None

    def _appended(self, node: NodeId, fact: facts.RecordsAppended) -> str | None:
        if fact.partition.topic.startswith("__transaction"):
            return None
        for batch in split_batches(fact.batches):
            known = self._granted.get(batch.producer_id)
            if known is None or batch.is_control:
                continue
            self.premises += 1
            if batch.producer_epoch < known[0]:
                return (
                    f"Broker {number_of(node)} appended a batch of producer {batch.producer_id}, epoch "
                    f"{batch.producer_epoch}, to {fact.partition}; {known[1]} has epoch {known[0]} since."
                )
        return None
