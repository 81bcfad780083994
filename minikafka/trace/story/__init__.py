"""The one sentence of each fact. Written here and nowhere else; every page, log and verdict quotes it.

A sentence names who, what and where, in the present tense, with Kafka's names. Its *weight* says how loudly to tell it:
0 is bookkeeping that only the picture needs, 1 belongs to the story, 2 is a turning point. One family of facts, one
file.
"""

from __future__ import annotations

from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.trace.story import clients, control, groups, logs, quorum, replication, transactions, words, world
from minikafka.trace.story.words import listed, lower, name_of, records_of, text_of
from minikafka.types import NodeId

__all__ = ["listed", "lower", "name_of", "records_of", "sentence", "text_of", "weight", "words"]

_FAMILIES = (replication, control, clients, groups, transactions, logs, quorum, world)
_WEIGHED_AT_HOME = (control, groups, transactions, logs, quorum)


def sentence(node: NodeId, fact: facts.Fact) -> str:
    """What happened, in one sentence. `node` is who states it."""
    for family in _FAMILIES:
        said: str = family.sentence(node, fact)
        if said:
            return said
    raise AssertionError(f"no sentence for {type(fact).__name__}")


def weight(fact: facts.Fact) -> int:
    """0 bookkeeping, 1 part of the story, 2 a turning point."""
    for family in _WEIGHED_AT_HOME:
        loud: int = family.weight(fact)
        if loud >= 0:
            return loud
    return _weight_of_the_rest(fact)


def _weight_of_the_rest(fact: facts.Fact) -> int:
    match fact:
        case (
            facts.NodeCrashed()
            | facts.LinkCut()
            | facts.NodePaused()
            | facts.LogTruncated()
            | facts.PromiseBroken()
            | facts.LossBeyondPromise()
            | facts.BrokerFenced()
            | facts.ConnectionsLost()
            | facts.DiskFilled(full=True)
            | facts.DiskSlowed()
            | facts.DiskLies(lying=True)
            | facts.DiskDamaged()
            | facts.LinkSlowed()
            | facts.MessagesDelayed()
            | facts.ProduceFailed()
        ):
            return 2
        case facts.PartitionChanged():
            return 2 if fact.leader != fact.old_leader else 1
        case facts.RecordsAppended(partition=partition) | facts.HighWatermarkMoved(partition=partition):
            internal = partition.topic.startswith("__")
            follower_mark = isinstance(fact, facts.HighWatermarkMoved) and not fact.as_leader
            return 0 if internal or follower_mark else 1
        case (
            facts.FollowerProgress()
            | facts.MetadataReplayed()
            | facts.LogFlushed()
            | facts.RegistrationRefused()
            | facts.IsrAdopted()
            | facts.LeaderLearned()
            | facts.NodeStarted()
            | facts.QuorumLeaderElected()
        ):
            return 0
        case facts.RecordsConsumed(records=()):
            return 0
        case facts.ProduceAnswered():
            return 1 if fact.error != ErrorCode.NONE else 0
        case facts.ReadRefused(error=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) | facts.BrokerRegistered(clean=True):
            return 0
        case facts.IsrProposalRefused():
            return 1
        case facts.LogRecovered(partition=partition) | facts.BecameLeader(partition=partition):
            return 0 if partition.topic.startswith("__") else 1
        case facts.BecameFollower(partition=partition):
            return 0 if partition.topic.startswith("__") else 1
    return 1
