"""Sentences about logs and their replicas."""

from __future__ import annotations

from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import split_batches
from minikafka.trace.story import words
from minikafka.types import METADATA_PARTITION, NodeId


def sentence(node: NodeId, fact: facts.Fact) -> str:
    """The sentence of a replication fact; empty for any other."""
    who = words.name_of(node)
    match fact:
        case facts.RecordsAppended():
            return _appended(who, fact)
        case facts.LogTruncated():
            count = fact.was_end - fact.to_offset
            offsets = f"offset {fact.to_offset}" if count == 1 else f"offsets {fact.to_offset} to {fact.was_end - 1}"
            return f"{who} cuts {offsets} off its log: the leader's log has no such records there."
        case facts.HighWatermarkMoved():
            return _mark_moved(who, fact)
        case facts.LogRecovered():
            return (
                f"{who} finds its log{words.of(fact.partition)} on disk: it ends at {fact.log_end_offset}, "
                f"high watermark {fact.high_watermark} as last written down."
            )
        case facts.LogFlushed():
            return f"{who} has everything below {fact.durable_end} on disk."
        case facts.BecameLeader():
            return (
                f"{who} reads that it leads {fact.partition} in epoch {fact.leader_epoch}, "
                f"and notes that this epoch starts at {fact.start_offset}."
            )
        case facts.BecameFollower(leader=-1):
            return f"{who} reads that nobody leads {fact.partition} (epoch {fact.leader_epoch})."
        case facts.BecameFollower():
            where = f"{fact.partition} in epoch {fact.leader_epoch}"
            return f"{who} reads that broker {fact.leader} leads {where}, and follows it."
        case facts.FollowerProgress():
            known = f"{words.in_text(who)} knows it holds everything below"
            return f"Broker {fact.follower} asks for {fact.log_end_offset}, so {known}."
        case facts.IsrProposed():
            return _isr_proposed(who, fact)
        case facts.IsrAdopted():
            return f"{who} counts with ISR {words.members_of(fact.isr)} from now on."
        case facts.IsrProposalRefused():
            if node.startswith("controller"):
                return f"{who} refuses the ISR that {fact.partition}'s leader asks for: {fact.error.name}."
            return f"{who} hears that its ISR was refused: {fact.error.name}."
        case facts.ProduceParked():
            until = f"acks=all is answered when the high watermark reaches {fact.needs_offset}"
            return f"{who} lets {words.lower(fact.client)} wait: {until}."
        case facts.ProduceAnswered():
            return _answered(who, fact)
        case facts.ReadRefused():
            return _read_refused(who, fact)
        case facts.DivergenceFound():
            return (
                f"{who} tells {words.lower(fact.reader)}: in my log epoch {fact.epoch} ends at {fact.end_offset}, "
                f"and you ask for {fact.fetch_offset} after epoch {fact.last_fetched_epoch}."
            )
        case facts.MetadataReplayed():
            return f"{who} has read the metadata log below {fact.next_offset}."
        case facts.StorageFailed():
            return f"{who} cannot write to {fact.partition}: {fact.reason}"
    return ""


def _mark_moved(who: str, fact: facts.HighWatermarkMoved) -> str:
    if fact.partition == METADATA_PARTITION:
        return f"{who}: the metadata log is committed below {fact.high_watermark}."
    if fact.as_leader:
        mark = f"the high watermark{words.of(fact.partition)} to {fact.high_watermark}"
        return f"{who} moves {mark}: all that count hold everything below."
    return f"{who} learns that the high watermark is {fact.high_watermark}."


def _appended(who: str, fact: facts.RecordsAppended) -> str:
    found = words.records_of(fact.batches)
    if fact.partition.topic.startswith("__"):
        verb = "writes" if fact.as_leader else "copies"
        return f"{who} {verb} records {fact.base_offset} to {fact.next_offset - 1} of {fact.partition}."
    *_, last = split_batches(fact.batches)
    epoch = last.leader_epoch
    unseen = "a marker" if last.is_control else words.counted(fact.next_offset - fact.base_offset, "compressed record")
    what = words.values_of([record.value for record, _ in found]) if found else unseen
    what += words.within(fact.partition)
    where = (
        f"offset {fact.base_offset}" if fact.next_offset == fact.base_offset + 1 else f"offset {fact.base_offset} on"
    )
    if fact.as_leader:
        return f"{who} appends {what} at {where}, in epoch {epoch}."
    return f"{who} copies {what} at {where} (epoch {epoch})."


def _answered(who: str, fact: facts.ProduceAnswered) -> str:
    if fact.error == ErrorCode.NONE:
        return f"{who} answers {words.lower(fact.client)}: stored at offset {fact.base_offset}."
    if fact.error == ErrorCode.REQUEST_TIMED_OUT:
        return (
            f"{who} answers {words.lower(fact.client)}: REQUEST_TIMED_OUT. "
            f"The record is in its log; whether it stays, nobody knows."
        )
    return f"{who} refuses {words.lower(fact.client)}: {fact.error.name}."


def _read_refused(who: str, fact: facts.ReadRefused) -> str:
    reader = words.lower(fact.reader)
    match fact.error:
        case ErrorCode.FENCED_LEADER_EPOCH:
            behind = f"you know epoch {fact.request_epoch}, this is {fact.local_epoch}"
            return f"{who} answers {reader} FENCED_LEADER_EPOCH: {behind}."
        case ErrorCode.UNKNOWN_LEADER_EPOCH:
            behind = f"you know epoch {fact.request_epoch}, I have read {fact.local_epoch}"
            return f"{who} answers {reader} UNKNOWN_LEADER_EPOCH: {behind}."
    return f"{who} answers {reader} {fact.error.name}."


def _isr_proposed(who: str, fact: facts.IsrProposed) -> str:
    isr = f"ISR {words.members_of(fact.isr)}{words.of(fact.partition)}"
    if fact.removed:
        return f"{who} asks for {isr}: {words.listed(fact.removed)} fell behind."
    if fact.added:
        return f"{who} asks for {isr}: {words.listed(fact.added)} has caught up."
    return f"{who} tells the controller that it has taken over ({isr})."
