"""Sentences about faults, and about what the checkers see."""

from __future__ import annotations

from minikafka.protocol import facts
from minikafka.trace.story import words
from minikafka.types import NodeId


def sentence(node: NodeId, fact: facts.Fact) -> str:
    """The sentence of a fact about the world; empty for any other."""
    match fact:
        case facts.NodeStarted():
            return f"{words.name_of(fact.node)} starts."
        case facts.NodeCrashed(power_lost=True):
            return f"{words.name_of(fact.node)} loses power: what was not on disk is gone."
        case facts.NodeCrashed() if fact.node.startswith(("producer-", "consumer-")):
            return f"{words.name_of(fact.node)} dies; only what it had sent goes on without it."
        case facts.NodeCrashed():
            return f"{words.name_of(fact.node)} crashes; what it wrote is still in its machine's page cache."
        case facts.NodeRestarted():
            return f"{words.name_of(fact.node)} starts again."
        case facts.NodePaused():
            return f"{words.name_of(fact.node)} stands still, and does not know it."
        case facts.NodeResumed():
            return f"{words.name_of(fact.node)} goes on where it stood."
        case facts.LinkCut():
            return f"The link between {words.lower(fact.one)} and {words.lower(fact.other)} is cut; neither is told."
        case facts.LinkHealed():
            return f"The link between {words.lower(fact.one)} and {words.lower(fact.other)} works again."
        case facts.ConnectionsLost():
            late = (
                "what was under way is lost"
                if fact.late_ms < 0
                else f"what was under way arrives {fact.late_ms} ms late"
            )
            return f"The connections between {words.lower(fact.one)} and {words.lower(fact.other)} break; {late}."
        case facts.LinkSlowed(one, other, extra_ms):
            how = f"{extra_ms} ms slower" if extra_ms else "as fast as before"
            return f"The link between {words.lower(one)} and {words.lower(other)} is {how}."
        case facts.MessagesDelayed(kind, extra_ms):
            return f"Every {kind} takes {extra_ms} ms longer." if extra_ms else f"Every {kind} is as fast as before."
        case facts.DiskFilled(full=True):
            return f"The disk of {words.lower(fact.node)} is full."
        case facts.DiskFilled():
            return f"The disk of {words.lower(fact.node)} has room again."
        case facts.DiskSlowed():
            if not fact.write_ms:
                return f"The disk of {words.lower(fact.node)} is fast again."
            return f"The disk of {words.lower(fact.node)} takes {fact.write_ms} ms for each write."
        case facts.DiskLies(lying=True):
            return f"The disk of {words.lower(fact.node)} says that it flushes, and does not."
        case facts.DiskLies():
            return f"The disk of {words.lower(fact.node)} flushes again when it says so."
        case facts.DiskDamaged(damage="torn"):
            return f"Of the last write to {fact.path}, {words.lower(fact.node)} keeps only the beginning."
        case facts.DiskDamaged():
            return f"On the disk of {words.lower(fact.node)} one bit of {fact.path} is wrong."
        case facts.PromiseBroken():
            return f"Promise broken ({fact.promise}, {fact.name}): {fact.sentence}"
        case facts.LossBeyondPromise():
            return f"Loss beyond the promise: {fact.sentence}"
        case facts.Note():
            return fact.text
    return ""
