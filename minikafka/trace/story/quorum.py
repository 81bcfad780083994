"""Sentences of the controllers about their quorum."""

from __future__ import annotations

from minikafka.protocol import facts
from minikafka.trace.story import words
from minikafka.types import NodeId


def sentence(node: NodeId, fact: facts.Fact) -> str:
    """The sentence of a quorum fact; empty for any other."""
    who = words.name_of(node)
    match fact:
        case facts.QuorumStateChanged():
            return _state_changed(who, fact)
        case facts.VoteAnswered():
            what = "pre-vote" if fact.pre_vote else "vote"
            gives = "gives" if fact.granted else "refuses"
            return f"{who} {gives} controller {fact.candidate} its {what} for epoch {fact.epoch}."
        case facts.VoterProgress():
            return f"{who} knows that controller {fact.voter} holds the metadata log below {fact.log_end_offset}."
        case facts.SnapshotTaken():
            return f"{who} sums up the metadata log below {fact.end_offset} in a snapshot."
        case facts.SnapshotLoaded():
            return f"{who} is too far behind for the log, and takes the snapshot that ends at {fact.end_offset}."
    return ""


def _state_changed(who: str, fact: facts.QuorumStateChanged) -> str:
    match fact.state:
        case "prospective":
            return f"{who} hears no leader, and asks who would vote for it."
        case "candidate":
            return f"{who} stands for election in quorum epoch {fact.epoch}, and votes for itself."
        case "leader":
            return f"{who} leads the quorum in epoch {fact.epoch}."
        case "follower":
            return f"{who} follows controller {fact.leader} in quorum epoch {fact.epoch}."
        case "resigned":
            return f"{who} no longer leads the quorum in epoch {fact.epoch}: a majority does not fetch from it."
    return f"{who} knows no leader in quorum epoch {fact.epoch}."


def weight(fact: facts.Fact) -> int:
    """0 bookkeeping, 1 part of the story, 2 a turning point; -1 for a fact of another family."""
    match fact:
        case facts.QuorumStateChanged(state="leader" | "resigned"):
            return 2
        case facts.QuorumStateChanged() | facts.SnapshotTaken() | facts.SnapshotLoaded():
            return 1
        case facts.VoteAnswered():
            return 1
        case facts.VoterProgress():
            return 0
    return -1
