"""Sentences about the files of a log: what rolls, what goes, and why."""

from __future__ import annotations

from minikafka.protocol import facts
from minikafka.trace.story import words
from minikafka.types import NodeId


def sentence(node: NodeId, fact: facts.Fact) -> str:
    """The sentence of a log fact; empty for any other."""
    who = words.name_of(node)
    match fact:
        case facts.SegmentRolled():
            return f"{who} closes the segment of {fact.partition}; the next one begins at {fact.base_offset}."
        case facts.LogStartMoved():
            return f"{who} drops what lies below {fact.log_start_offset} in {fact.partition} ({fact.reason})."
        case facts.LogCompacted():
            return (
                f"{who} compacts {fact.partition} below {fact.below_offset}: offsets {words.listed(fact.removed)} "
                f"have newer records of their keys, and go."
            )
        case facts.TailCut():
            return (
                f"{who} finds {fact.lost_bytes} bytes at the end of {fact.partition}, from offset {fact.at_offset} on, "
                f"that are no intact batch, and cuts them off."
            )
        case facts.LastStableOffsetMoved():
            return f"{who}: every transaction of {fact.partition} below {fact.last_stable_offset} is decided."
        case facts.ReplicaDeleted():
            return f"{words.name_of(node)} removes its copy of {fact.partition}."
    return ""


def weight(fact: facts.Fact) -> int:
    """0 bookkeeping, 1 part of the story, 2 a turning point; -1 for a fact of another family."""
    match fact:
        case facts.SegmentRolled() | facts.LastStableOffsetMoved():
            return 0
        case facts.LogStartMoved(reason="leader"):
            return 0
        case facts.LogStartMoved() | facts.LogCompacted() | facts.ReplicaDeleted():
            return 1
        case facts.TailCut():
            return 2
    return -1
