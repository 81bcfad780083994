"""A message in at most about 24 characters, for the arrow that carries it."""

from __future__ import annotations

from minikafka.protocol import admin_messages, controller_messages, messages
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope
from minikafka.protocol.records import CorruptBatch, RecordBatch, split_batches


def label_of(envelope: Envelope) -> str:
    """What the message says, shortest first; its API alone where it is about nothing."""
    match envelope.message:
        case messages.ProduceRequest(partitions=[written, *_]) as produce:
            acks = "all" if produce.acks == -1 else produce.acks
            return f"Produce {_values(written.records)}, acks={acks}"
        case messages.ProduceResponse(partitions=[result, *_]):
            return f"stored at {result.base_offset}" if result.error == ErrorCode.NONE else result.error.name
        case messages.FetchRequest(partitions=[asked, *_]):
            epoch = f", epoch {asked.current_leader_epoch}" if asked.current_leader_epoch >= 0 else ""
            return f"Fetch {asked.fetch_offset}{epoch}"
        case messages.FetchResponse(partitions=[fetched, *_]):
            return _fetched(fetched)
        case controller_messages.BrokerRegistrationRequest():
            return "Register"
        case controller_messages.BrokerRegistrationResponse() as registered:
            return _error_or(registered.error, f"broker epoch {registered.broker_epoch}")
        case controller_messages.BrokerHeartbeatRequest():
            return "Heartbeat"
        case controller_messages.BrokerHeartbeatResponse() as beat:
            return _error_or(beat.error, "fenced" if beat.is_fenced else "alive")
        case controller_messages.AlterPartitionRequest() as alter:
            return "ISR {" + ", ".join(str(member.broker_id) for member in alter.new_isr) + "}?"
        case controller_messages.AlterPartitionResponse() as altered:
            return _error_or(altered.error, "ISR {" + ", ".join(map(str, altered.isr)) + "}")
        case messages.MetadataRequest():
            return "Who leads?"
        case messages.MetadataResponse() as metadata:
            leaders = [one.leader for topic in metadata.topics for one in topic.partitions]
            return f"leader {leaders[0]}" if len(leaders) == 1 else "Metadata"
        case admin_messages.CreateTopicsRequest(topics=[topic, *_]):
            return f"Create {topic.name}"
        case admin_messages.CreateTopicsResponse(topics=[created, *_]):
            return _error_or(created.error, "created")
        case messages.ListOffsetsRequest():
            return "Which offset?"
        case messages.ListOffsetsResponse(partitions=[found, *_]):
            return _error_or(found.error, f"offset {found.offset}")
        case other:
            return type(other).__name__.removesuffix("Request").removesuffix("Response")


def _fetched(result: messages.FetchPartitionResult) -> str:
    if result.error != ErrorCode.NONE:
        return result.error.name
    if result.diverging_epoch >= 0:
        return f"epoch {result.diverging_epoch} ends at {result.diverging_end_offset}"
    if not result.records:
        return f"nothing new, HW {result.high_watermark}"
    batches = list(split_batches(result.records))
    first, last = batches[0].base_offset, batches[-1].last_offset
    span = str(first) if first == last else f"{first}…{last}"
    return f"records {span}, HW {result.high_watermark}"


def _values(data: bytes) -> str:
    try:
        batch = RecordBatch(data)
        words = [(record.value or b"null").decode("utf-8", "replace") for record in batch.records()]
    except CorruptBatch:
        return "a batch"
    if not words:
        return "an empty batch"
    return words[0] if len(words) == 1 else f"{words[0]} … ({len(words)})"


def _error_or(error: ErrorCode, otherwise: str) -> str:
    return otherwise if error == ErrorCode.NONE else error.name
