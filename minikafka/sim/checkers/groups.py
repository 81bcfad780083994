"""Promises about groups: I27 no double ownership, I28 fenced commits, I29 at least once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from minikafka.client.consumer import ConsumerNode
from minikafka.protocol import facts
from minikafka.sim.checkers import ledger
from minikafka.sim.checkers.copies import text_of
from minikafka.sim.checkers.ledger import Ledger
from minikafka.sim.checkers.promise import Promise
from minikafka.trace.trace import Told
from minikafka.types import NodeId, Offset, TopicPartition

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation


class NoDoubleOwnership(Promise):
    """I27: no two members of one generation own the same partition."""

    promise, name = "I27", "no double ownership"
    looks_at = frozenset({facts.AssignmentGiven})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._owners: defaultdict[tuple[str, int], dict[TopicPartition, str]] = defaultdict(dict)
        """For each group and generation: who was given what."""

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at everything that coordinators give."""
        for _, _, fact in told:
            if not isinstance(fact, facts.AssignmentGiven):
                continue
            owners = self._owners[(fact.group, fact.generation)]
            for partition in fact.partitions:
                self.premises += 1
                owner = owners.setdefault(partition, fact.member)
                if owner != fact.member:
                    return (
                        f"{fact.member} and {owner} both own {partition} in generation {fact.generation} of group "
                        f"{fact.group}."
                    )
        return None


class FencedCommit(Promise):
    """I28: who is no longer in a group, or is there in an old generation, commits nothing."""

    promise, name = "I28", "fenced commit"
    looks_at = frozenset({facts.OffsetCommitted, facts.MemberRemoved, facts.GroupChanged, facts.CoordinatorLoaded})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._gone: dict[tuple[str, str], str] = {}
        """Members that were removed, and why."""

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at every commit that is written down."""
        for _, _, fact in told:
            match fact:
                case facts.MemberRemoved(group, member, reason):
                    self._gone[(group, member)] = reason
                case facts.MemberJoined(group, member):
                    self._gone.pop((group, member), None)
                case facts.CoordinatorLoaded():
                    self._gone.clear()  # What was not yet written down may be forgotten with a coordinator.
                case facts.OffsetCommitted(group, partition, offset, member) if member:
                    self.premises += 1
                    if (group, member) in self._gone:
                        return (
                            f"Group {group} wrote down offset {offset} of {partition} for {member}, which is no longer "
                            f"in it ({self._gone[(group, member)]})."
                        )
        return None


class AtLeastOnce(Promise):
    """I29: everything acknowledged below a group's committed offset was given to one of its members."""

    promise, name = "I29", "at least once"
    looks_at = frozenset({facts.RecordsConsumed, facts.OffsetCommitted})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._given: defaultdict[tuple[str, TopicPartition], set[Offset]] = defaultdict(set)
        self._committed: dict[tuple[str, TopicPartition], Offset] = {}

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Note what members were given, and what is committed: never more than that."""
        for _, node, fact in told:
            match fact:
                case facts.RecordsConsumed(partition, records):
                    self._given[(_group_of(sim, node), partition)].update(offset for offset, _, _, _ in records)
                case facts.OffsetCommitted(group, partition, offset, pending=False):
                    self._committed[(group, partition)] = offset
        return None

    def finish(self, sim: Simulation) -> str | None:
        """Compare each committed offset with what was given."""
        for (group, partition), offset in self._committed.items():
            history = self.ledger.histories.get(partition)
            leader = ledger.leader_of(sim, history) if history else None
            if history is None or leader is None or history.beyond:
                continue
            self.premises += 1
            log_end = leader.log.log_end_offset
            if offset > log_end:
                return f"Group {group} committed offset {offset} of {partition}, which ends at {log_end}."
            for at, known in sorted(history.acknowledged.items()):
                if at < offset and at not in self._given[(group, partition)]:
                    return (
                        f"Group {group} committed {partition} up to {offset}, and nobody in it was given "
                        f"{text_of(known.value)} at offset {at}."
                    )
        return None


def _group_of(sim: Simulation, node: NodeId) -> str:
    reader = sim.process(node)
    return reader.config.group_id if isinstance(reader, ConsumerNode) else ""
