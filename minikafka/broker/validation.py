"""What a broker takes from a producer: one whole batch, intact, numbered from 0.

The records stay packed: size, format, checksum and counts are all in the head. Mirrors `LogValidator` and
`UnifiedLog.analyzeAndValidateRecords`. What we leave out: timestamps too far in the future, records' own offset deltas.
"""

from __future__ import annotations

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import MAGIC, RecordBatch, split_batches

_MAGIC_POSITION = 16


class InvalidBatch(Exception):
    """A producer sent something a broker does not take."""

    def __init__(self, error: ErrorCode) -> None:
        super().__init__(error.name)
        self.error = error


def check_produced_batch(records: bytes, max_message_bytes: int) -> RecordBatch:
    """The one batch in a produce request, or `InvalidBatch` with what Kafka answers (`LogValidator`)."""
    if len(records) > max_message_bytes:
        raise InvalidBatch(ErrorCode.MESSAGE_TOO_LARGE)
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
    return batch
