"""Sentences about consumer groups: their coordinator's, and their members' own."""

from __future__ import annotations

from minikafka.protocol import facts
from minikafka.trace.story import words
from minikafka.types import NodeId, Offset, TopicPartition


def sentence(node: NodeId, fact: facts.Fact) -> str:
    """The sentence of a group fact; empty for any other."""
    return _of_the_coordinator(words.name_of(node), fact) or _of_a_member(words.name_of(node), fact)


def _of_the_coordinator(who: str, fact: facts.Fact) -> str:
    match fact:
        case facts.CoordinatorLoaded():
            return f"{who} has replayed {fact.partition} and coordinates what lies there."
        case facts.CoordinatorUnloaded():
            return f"{who} no longer leads {fact.partition}, and forgets what it held."
        case facts.GroupChanged():
            members = f"{len(fact.members)} member" + ("s" if len(fact.members) != 1 else "")
            return f"{who}: group {fact.group} is {fact.state} in generation {fact.generation}, {members}."
        case facts.MemberJoined():
            static = f" (static: {fact.instance})" if fact.instance else ""
            return f"{who} takes member {fact.member}{static} into group {fact.group}."
        case facts.MemberRemoved():
            return f"{who} takes member {fact.member} out of group {fact.group}: {fact.reason}."
        case facts.AssignmentGiven():
            what = words.listed(fact.partitions) if fact.partitions else "nothing"
            return f"{who} gives {fact.member} of group {fact.group} {what}, generation {fact.generation}."
        case facts.OffsetCommitted(pending=True):
            where = f"{fact.partition} at {fact.offset}"
            return f"{who} notes for group {fact.group}: {where}, once its transaction commits."
        case facts.OffsetCommitted():
            return f"{who} writes down for group {fact.group}: {fact.partition} is done below {fact.offset}."
        case facts.CommitRefused():
            return f"{who} refuses a commit of {fact.member or 'nobody'} to group {fact.group}: {fact.error.name}."
        case facts.OffsetsForgotten():
            return f"{who} forgets offsets of group {fact.group} for {words.listed(fact.partitions)}: {fact.reason}."
    return ""


def _of_a_member(who: str, fact: facts.Fact) -> str:
    match fact:
        case facts.PartitionsAssigned():
            what = words.listed(fact.partitions) if fact.partitions else "nothing new"
            return f"{who} is assigned {what} (generation {fact.generation})."
        case facts.PartitionsRevoked():
            return f"{who} gives up {words.listed(fact.partitions)}."
        case facts.PartitionsLost():
            return f"{who} has lost {words.listed(fact.partitions)}: somebody else may own them already."
        case facts.CommitSent():
            how = "commits automatically" if fact.automatic else "commits"
            return f"{who} {how}: {_offsets(fact.offsets)}."
        case facts.CommitAcknowledged():
            return f"{who} is told: committed {_offsets(fact.offsets)}."
        case facts.CommitFailed():
            return f"{who} is told that its commit of {_offsets(fact.offsets)} failed: {fact.error.name}."
    return ""


def _offsets(offsets: tuple[tuple[TopicPartition, Offset], ...]) -> str:
    return words.listed(f"{partition} at {offset}" for partition, offset in offsets)


def weight(fact: facts.Fact) -> int:
    """0 bookkeeping, 1 part of the story, 2 a turning point; -1 for a fact of another family."""
    match fact:
        case facts.CoordinatorLoaded() | facts.CoordinatorUnloaded():
            return 0
        case facts.GroupChanged(state="PreparingRebalance") | facts.PartitionsLost() | facts.CommitFailed():
            return 2
        case facts.MemberRemoved(reason="left"):
            return 1
        case facts.MemberRemoved() | facts.CommitRefused():
            return 2
        case (
            facts.GroupChanged()
            | facts.MemberJoined()
            | facts.AssignmentGiven()
            | facts.OffsetCommitted()
            | facts.OffsetsForgotten()
            | facts.PartitionsAssigned()
            | facts.PartitionsRevoked()
            | facts.CommitSent()
            | facts.CommitAcknowledged()
        ):
            return 1
    return -1
