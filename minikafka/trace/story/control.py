"""Sentences of the active controller."""

from __future__ import annotations

from minikafka.protocol import facts
from minikafka.trace.story import words
from minikafka.types import NodeId, TopicPartition


def sentence(node: NodeId, fact: facts.Fact) -> str:
    """The sentence of a control fact; empty for any other."""
    who = words.name_of(node)
    match fact:
        case facts.QuorumLeaderElected():
            return f"{who} is the active controller in quorum epoch {fact.epoch}."
        case facts.BrokerRegistered(clean=True):
            return f"{who} registers broker {fact.broker} with broker epoch {fact.broker_epoch}."
        case facts.BrokerRegistered():
            return (
                f"{who} registers broker {fact.broker} with broker epoch {fact.broker_epoch}; it did not shut down "
                f"in order, so it may have lost its last writes."
            )
        case facts.RegistrationRefused():
            return f"{who} does not register broker {fact.broker} yet: its former process still counts as alive."
        case facts.BrokerFenced():
            return f"{who} has heard nothing of broker {fact.broker} for {fact.silent_ms / 1000:g} s, and fences it."
        case facts.BrokerUnfenced():
            return f"{who} counts broker {fact.broker} as alive."
        case facts.BrokerLeaving():
            return f"{who} lets broker {fact.broker} leave: it leads nothing more from now on."
        case facts.BrokerReleased():
            return f"{who} tells broker {fact.broker} to stop: all others have read that it leads nothing."
        case facts.BrokerUnregistered():
            return f"{who} strikes broker {fact.broker} off its list."
        case facts.TopicDeleted():
            return f"{who} writes that topic {fact.topic} is gone."
        case facts.ConfigChanged():
            return _config_changed(who, fact)
        case facts.TopicCreated():
            return f"{who} writes that topic {fact.topic} exists."
        case facts.PartitionChanged():
            return _partition_changed(who, fact)
    return ""


def _config_changed(who: str, fact: facts.ConfigChanged) -> str:
    kinds = {2: "topic", 4: "broker", 32: "group"}
    whose = f"{kinds.get(fact.resource_type, 'resource')} {fact.resource_name}" if fact.resource_name else "all brokers"
    if fact.value is None:
        return f"{who} takes back {fact.name} of {whose}."
    return f"{who} writes {fact.name}={fact.value} for {whose}."


def weight(fact: facts.Fact) -> int:
    """How loud the newer facts of this family are; -1 for all others."""
    match fact:
        case facts.BrokerReleased():
            return 0
        case facts.BrokerLeaving() | facts.BrokerUnregistered() | facts.TopicDeleted():
            return 2
        case facts.ConfigChanged():
            return 1
    return -1


def _partition_changed(who: str, fact: facts.PartitionChanged) -> str:
    standing = f"ISR {words.members_of(fact.isr)}" + (f", ELR {words.members_of(fact.elr)}" if fact.elr else "")
    name: TopicPartition = fact.partition
    if fact.old_leader_epoch < 0:
        return f"{who} writes: {name} has replicas {words.listed(fact.replicas)}, leader {fact.leader}, {standing}."
    if fact.leader == fact.old_leader:
        return f"{who} writes: {name} has {standing}."
    if fact.leader == -1:
        return f"{who} writes: nobody may lead {name}, epoch {fact.leader_epoch}, {standing}."
    unclean = " Unclean: records may be missing." if fact.recovering else ""
    return f"{who} writes: broker {fact.leader} leads {name}, epoch {fact.leader_epoch}, {standing}.{unclean}"
