"""Sentences about numbered producers and their transactions."""

from __future__ import annotations

from minikafka.protocol import facts
from minikafka.trace.story import words
from minikafka.types import NodeId


def sentence(node: NodeId, fact: facts.Fact) -> str:
    """The sentence of a transaction fact; empty for any other."""
    who = words.name_of(node)
    return _of_the_coordinator(who, fact) or _of_a_leader(who, fact) or _of_a_producer(who, fact)


def _of_the_coordinator(who: str, fact: facts.Fact) -> str:
    match fact:
        case facts.ProducerIdGranted(transactional_id=""):
            return f"{who} grants producer id {fact.producer_id}, epoch {fact.producer_epoch}."
        case facts.ProducerIdGranted():
            numbers = f"producer id {fact.producer_id}, epoch {fact.producer_epoch}"
            return f"{who} grants {fact.transactional_id} {numbers}: whoever used an older epoch is fenced."
        case facts.TransactionChanged():
            where = f", in {words.listed(fact.partitions)}" if fact.partitions else ""
            return f"{who}: {fact.transactional_id} is {fact.state} (epoch {fact.producer_epoch}){where}."
        case facts.TransactionRefused():
            return (
                f"{who} refuses {fact.request} of {fact.transactional_id}: {fact.error.name} "
                f"(epoch {fact.producer_epoch}, current {fact.current_epoch})."
            )
    return ""


def _of_a_leader(who: str, fact: facts.Fact) -> str:
    match fact:
        case facts.TransactionOpened():
            return (
                f"{who}: a transaction of producer {fact.producer_id} opens in {fact.partition} at offset "
                f"{fact.first_offset}; read_committed stops there."
            )
        case facts.MarkerWritten():
            outcome = "COMMIT" if fact.committed else "ABORT"
            return f"{who} writes {outcome} for producer {fact.producer_id} in {fact.partition} at {fact.offset}."
        case facts.DuplicateFound():
            return (
                f"{who} has this batch already (producer {fact.producer_id}, sequence {fact.first_sequence}), and "
                f"answers with its old offset {fact.base_offset}."
            )
        case facts.BatchRefused():
            return (
                f"{who} refuses a batch of producer {fact.producer_id}, epoch {fact.producer_epoch}, sequence "
                f"{fact.first_sequence}: {fact.error.name}."
            )
    return ""


def _of_a_producer(who: str, fact: facts.Fact) -> str:
    match fact:
        case facts.TransactionBegun():
            return f"{who} begins a transaction."
        case facts.TransactionEnding():
            return f"{who} asks to {'commit' if fact.commit else 'abort'} its transaction."
        case facts.TransactionEnded():
            return f"{who} is told: {'committed' if fact.committed else 'aborted'}."
        case facts.ProducerFailed(fatal=True):
            return f"{who} can do nothing more: {fact.error.name}."
        case facts.ProducerFailed():
            return f"{who} must abort its transaction: {fact.error.name}."
        case facts.SequencesRestarted():
            where = words.listed(fact.partitions)
            return f"{who} goes on in epoch {fact.producer_epoch}: sequences of {where} start again at 0."
    return ""


def weight(fact: facts.Fact) -> int:
    """0 bookkeeping, 1 part of the story, 2 a turning point; -1 for a fact of another family."""
    match fact:
        case facts.ProducerIdGranted(transactional_id=""):
            return 0
        case facts.BatchRefused() | facts.TransactionRefused() | facts.ProducerFailed():
            return 2
        case (
            facts.ProducerIdGranted()
            | facts.TransactionChanged()
            | facts.TransactionOpened()
            | facts.MarkerWritten()
            | facts.DuplicateFound()
            | facts.TransactionBegun()
            | facts.TransactionEnding()
            | facts.TransactionEnded()
            | facts.SequencesRestarted()
        ):
            return 1
    return -1
