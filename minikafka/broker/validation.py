"""What a broker takes from a producer: one whole batch, intact, numbered from 0.

The records stay packed: size, format, checksum, counts and the largest timestamp are all in the head. They are looked
at only where the head is not enough: on a compacted topic, which takes no record without a key, and when the head's
time is out of bounds. Mirrors `LogValidator` and `UnifiedLog.analyzeAndValidateRecords`. What we leave out: the
records' own offset deltas, and records inside compressed batches.
"""

from __future__ import annotations

from minikafka.config import MAX_LONG, TopicConfig
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import MAGIC, CorruptBatch, RecordBatch, split_batches
from minikafka.types import Millis

_MAGIC_POSITION = 16


class InvalidBatch(Exception):
    """A producer sent something a broker does not take."""

    def __init__(self, error: ErrorCode) -> None:
        super().__init__(error.name)
        self.error = error


def check_produced_batch(records: bytes, config: TopicConfig, now: Millis) -> RecordBatch:
    """The one batch in a produce request, or `InvalidBatch` with what Kafka answers (`LogValidator`)."""
    if len(records) > config.max_message_bytes:
        raise InvalidBatch(ErrorCode.MESSAGE_TOO_LARGE)
    if len(records) > config.segment_bytes:
        raise InvalidBatch(ErrorCode.RECORD_LIST_TOO_LARGE)
    if len(records) > _MAGIC_POSITION and records[_MAGIC_POSITION] < MAGIC:
        raise InvalidBatch(ErrorCode.INVALID_RECORD)
    try:
        batch, *more = split_batches(records)
        batch.check()
    except ValueError:  # no whole batch, a wrong checksum, or nothing at all
        raise InvalidBatch(ErrorCode.CORRUPT_MESSAGE) from None
    if more:
        raise InvalidBatch(ErrorCode.INVALID_RECORD)
    if batch.is_control or batch.base_offset != 0 or batch.count != batch.last_offset_delta + 1:
        raise InvalidBatch(ErrorCode.INVALID_RECORD)
    _check_records(batch, config, now)
    return batch


def _check_records(batch: RecordBatch, config: TopicConfig, now: Millis) -> None:
    """Keys and times of the records, opened only when the head leaves a doubt."""
    keys_matter = "compact" in config.cleanup_policy
    latest = now + config.message_timestamp_after_max_ms
    earliest = now - config.message_timestamp_before_max_ms
    out_of_bounds = batch.max_timestamp_ms > latest or config.message_timestamp_before_max_ms < MAX_LONG
    times_matter = out_of_bounds and config.message_timestamp_type == "CreateTime"
    if batch.is_compressed or not (keys_matter or times_matter):
        return
    try:
        records = list(batch.records())
    except CorruptBatch:
        raise InvalidBatch(ErrorCode.INVALID_RECORD) from None
    for record in records:
        if keys_matter and record.key is None:
            raise InvalidBatch(ErrorCode.INVALID_RECORD)
        if times_matter and not earliest <= record.timestamp_ms <= latest:
            raise InvalidBatch(ErrorCode.INVALID_TIMESTAMP)
