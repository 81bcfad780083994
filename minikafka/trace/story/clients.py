"""Sentences about what clients send, hear and read."""

from __future__ import annotations

from minikafka.protocol import facts
from minikafka.trace.story import words
from minikafka.types import NodeId


def sentence(node: NodeId, fact: facts.Fact) -> str:
    """The sentence of a client fact; empty for any other."""
    who = words.name_of(node)
    match fact:
        case facts.ProduceSent():
            again = "" if fact.attempt == 1 else " again"
            how = f"to broker {fact.broker} with acks={words.acks_of(fact.acks)}"
            return f"{who} sends {words.values_of(fact.values)}{again} {how}."
        case facts.ProduceAcknowledged(acks=0):
            return f"{who} has sent {words.values_of(fact.values)} and asks for no answer (acks=0)."
        case facts.ProduceAcknowledged():
            where = f"{words.within(fact.partition)} at offset {fact.base_offset}"
            return f"{who} is told: {words.values_of(fact.values)} stored{where}."
        case facts.ProduceRetried():
            return (
                f"{who} hears {fact.error.name} for {words.values_of(fact.values)}, "
                f"and will try again in {fact.retry_after_ms} ms."
            )
        case facts.ProduceFailed():
            return f"{who} is told that {words.values_of(fact.values)} failed: {fact.error.name}."
        case facts.LeaderLearned(leader=-1):
            return f"{who} learns that nobody leads {fact.partition} (epoch {fact.leader_epoch})."
        case facts.LeaderLearned():
            return f"{who} learns that broker {fact.leader} leads {fact.partition} in epoch {fact.leader_epoch}."
        case facts.RecordsConsumed(records=()):
            return f"{who} passes over what is not for it, and stands at {fact.position}."
        case facts.RecordsConsumed():
            read = words.values_of([value for _, _, _, value in fact.records]) + words.within(fact.partition)
            first = fact.records[0][0]
            return (
                f"{who} reads {read} at offset {first}."
                if len(fact.records) == 1
                else f"{who} reads {read} from offset {first} on."
            )
        case facts.FetchFailed():
            return f"{who} is told by broker {fact.broker}: {fact.error.name}."
    return ""
