"""Promises about disks: I12 the last replica standing, I13 an honest disk, I14 a full one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.log.partition_log import PartitionLog
from minikafka.protocol import facts
from minikafka.sim.checkers import files, ledger, producers
from minikafka.sim.checkers.copies import Copy
from minikafka.sim.checkers.ledger import Ledger, members
from minikafka.sim.checkers.promise import Promise
from minikafka.trace.trace import Told
from minikafka.types import BrokerId, Offset, TopicPartition, number_of

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation


class LastReplicaStanding(Promise):
    """I12: who lost its page cache as the last of the ISR does not lead before somebody who kept everything (KIP-966).

    Said at the election, before anything is lost by it. Until its process has registered anew, the controller may count
    with the one before, of which a heartbeat was under way; nobody leads by such an election, and the next one counts.
    """

    promise, name = "I12", "last replica standing"
    looks_at = frozenset({facts.NodeCrashed, facts.PartitionChanged})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._fell: dict[TopicPartition, BrokerId] = {}
        """Who lost power as the last of an ISR."""

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Remember who fell last; look at whoever is elected after that."""
        for one in told:
            match one.fact:
                case facts.NodeCrashed(node, True) if node.startswith("broker-"):
                    self._note(number_of(node))
                case facts.PartitionChanged() as fact if fact.partition in self._fell:
                    broken = self._elected(sim, fact)
                    if broken:
                        return broken
        return None

    def _note(self, broker: BrokerId) -> None:
        for history in self.ledger.histories.values():
            if set(history.state.isr) <= {broker} and len(history.state.replicas) > 1:
                self._fell[history.name] = broker

    def _elected(self, sim: Simulation, fact: facts.PartitionChanged) -> str | None:
        fell = self._fell[fact.partition]
        if fact.leader in (-1, fact.old_leader):
            return None
        history = self.ledger.histories[fact.partition]
        if history.copies[fact.leader].lost_power:
            return None
        self.premises += 1
        del self._fell[fact.partition]
        kept = history.copies[fact.leader].agreed_end
        if kept >= history.high_watermark or self.ledger.lost_beyond(sim, history, kept):
            return None
        instead = history.found(fact.leader, kept)
        return (
            f"Broker {fell} lost power as the last of the ISR {members(fact.old_isr)}, ELR {members(fact.old_elr)}; "
            f"then broker {fact.leader} was elected and has {instead}. {history.promised(kept)}."
        )


class HonestDisk(Promise):
    """I13: a log that is recovered is what was appended, as far as the disk still holds it: no hole, no half batch."""

    promise, name = "I13", "honest disk"
    looks_at = frozenset({facts.NodeCrashed, facts.LogRecovered, facts.ReplicaDeleted})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._ends: dict[tuple[BrokerId, TopicPartition], Offset] = {}
        """Up to where the disk of a broker that is down holds what was appended."""

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Compare what recovery found with what lies on the disk."""
        for one in told:
            match one.fact:
                case facts.NodeCrashed(node) if node.startswith("broker-"):
                    self._note(number_of(node))
                case facts.ReplicaDeleted(partition):
                    self._ends.pop((number_of(one.node), partition), None)
                case facts.LogRecovered(partition, start, end):
                    broken = self._recovered(one.node, partition, start, end)
                    if broken:
                        return broken
        return None

    def _note(self, broker: BrokerId) -> None:
        for history in self.ledger.histories.values():
            if broker in history.copies:
                self._ends[(broker, history.name)] = history.copies[broker].end

    def _recovered(self, node: str, partition: TopicPartition, start: Offset, end: Offset) -> str | None:
        there = self._ends.pop((number_of(node), partition), None)
        if there is None:
            return None
        self.premises += 1
        there = max(there, start)
        if end == there:
            return None
        title = f"Broker {number_of(node)} recovered {partition} up to offset {end}"
        if end > there:
            return f"{title}, but its disk holds intact batches only up to {there}."
        return f"{title}, though its disk holds intact batches up to {there}."


class FullDisk(Promise):
    """I14: an append that the disk refuses leaves log end, files, index, high watermark and producers as they were."""

    promise, name = "I14", "full disk"
    looks_at = frozenset({facts.StorageFailed})

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """After each refused write, compare the log with the files and with what was appended before."""
        for _, node, fact in told:
            if not isinstance(fact, facts.StorageFailed):
                continue
            broker = number_of(node)
            copy, replica = self.ledger.copy_of(broker, fact.partition), ledger.replica_of(sim, broker, fact.partition)
            if copy is None or replica is None:
                continue
            self.premises += 1
            on_disk = files.intact_end(files.log_files(sim, broker, fact.partition), copy.cells)
            changed = changed_by_refusal(replica.log, copy, on_disk)
            if changed:
                return f"The disk of broker {broker} refused a write to {fact.partition}; {changed}"
        return None


def changed_by_refusal(log: PartitionLog, copy: Copy, on_disk: Offset) -> str:
    """What is not as it was before the write that was refused, in the end of a sentence; empty if all is."""
    if not log.log_end_offset == copy.end == on_disk:
        return f"its log ends at {log.log_end_offset} now, its files at {on_disk}, and {copy.end} was appended."
    if log.high_watermark != copy.high_watermark:
        return f"its high watermark went from {copy.high_watermark} to {log.high_watermark}."
    index, size = log.segments.active.offset_index.entries, log.segments.active.size
    if index and index[-1][1] >= size:
        return f"its index points to {index[-1][1]}, and the file has {size} bytes."
    wrong = producers.forgotten(log.producers, copy)
    return f"it knows of {wrong}" if wrong else ""
