"""How a replica follows: what to ask its leader for, and what to do with the answer.

```
 my log      0:e0  1:e0  2:e0          ask: from 3, my last epoch is 0
 the leader  0:e0  1:e0  2:e1  3:e1    answer: epoch 0 ends at 2
 my log      0:e0  1:e0                cut at 2, ask again
```

The same two functions follow a partition's leader and the active controller: one log for everything (D2).

* Only whole batches with a valid checksum are taken.
* A high watermark is never taken from an answer that found the logs to differ.
* Where the leader's log starts, the follower's starts too; one that ends below that begins again there.

Mirrors `AbstractFetcherThread.processFetchRequest` and `ReplicaFetcherThread`. What we leave out: asking for the
leader's end before falling back to the high watermark (`fetchOffsetAndTruncate`).
"""

from __future__ import annotations

from minikafka.config import MAX_LONG
from minikafka.disk import StorageError
from minikafka.log.leader_epochs import EpochEnd
from minikafka.log.partition_log import PartitionLog
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import FetchPartition, FetchPartitionResult
from minikafka.protocol.records import CorruptBatch, RecordBatch, split_batches
from minikafka.types import Epoch, Offset


def what_to_ask(
    log: PartitionLog, leader_epoch: Epoch, max_bytes: int, high_watermark: Offset = MAX_LONG
) -> FetchPartition:
    """The fetch of a replica that believes in `leader_epoch`."""
    return FetchPartition(
        log.partition, log.log_end_offset, leader_epoch, log.last_epoch, max_bytes, log.log_start_offset, high_watermark
    )


def take_answer(log: PartitionLog, answer: FetchPartitionResult) -> tuple[ErrorCode, list[facts.Fact]]:
    """Append, cut, and learn the high watermark. An error is one after which to pause before asking again."""
    try:
        return _take(log, answer)
    except StorageError as problem:
        return ErrorCode.KAFKA_STORAGE_ERROR, [facts.StorageFailed(log.partition, str(problem))]
    except CorruptBatch:
        return ErrorCode.CORRUPT_MESSAGE, []


def _take(log: PartitionLog, answer: FetchPartitionResult) -> tuple[ErrorCode, list[facts.Fact]]:
    if answer.error == ErrorCode.OFFSET_OUT_OF_RANGE:
        return ErrorCode.NONE, _cut_without_answer(log, answer)
    if answer.error != ErrorCode.NONE:
        return answer.error, []
    if answer.diverging_epoch >= 0:
        step = log.truncation_step(EpochEnd(answer.diverging_epoch, answer.diverging_end_offset))
        return ErrorCode.NONE, _cut(log, step.offset)
    told: list[facts.Fact] = []
    batches = _intact(answer.records)
    if batches and begins_within(batches[0], log.log_start_offset, log.log_end_offset):
        log.start_over_at(batches[0].base_offset)
    written = [batch for batch in batches if log.append_as_follower(batch)]
    if written:
        data = b"".join(batch.data for batch in written)
        told.append(
            facts.RecordsAppended(log.partition, written[0].base_offset, log.log_end_offset, data, as_leader=False)
        )
    if log.move_high_watermark(answer.high_watermark):
        told.append(facts.HighWatermarkMoved(log.partition, log.high_watermark, as_leader=False))
    if answer.log_start_offset > log.log_start_offset:
        log.move_log_start(min(answer.log_start_offset, log.high_watermark), "leader")
    told += log.take_news()
    return ErrorCode.NONE, told


def begins_within(batch: RecordBatch, log_start_offset: Offset, log_end_offset: Offset) -> bool:
    """Does an empty log begin in the middle of this batch? DeleteRecords cuts where it likes, batches come whole.

    `Partition.appendRecordsToFollowerOrFutureReplica`: the log then begins with the batch.
    """
    return log_start_offset == log_end_offset and batch.base_offset < log_end_offset < batch.next_offset


def _intact(data: bytes) -> list[RecordBatch]:
    batches = list(split_batches(data))
    for batch in batches:
        batch.check()
    return batches


def _cut_without_answer(log: PartitionLog, answer: FetchPartitionResult) -> list[facts.Fact]:
    """The leader cannot place our end: fall back on the high watermark, and on starting over if that was it already."""
    was_end = log.log_end_offset
    if answer.log_start_offset > was_end:
        # `fetchOffsetAndTruncate`: retention at the leader has overtaken us.
        log.start_over_at(answer.log_start_offset)
        moved = facts.LogStartMoved(log.partition, log.log_start_offset, "leader")
        return [facts.LogTruncated(log.partition, log.log_end_offset, was_end), moved]
    step = log.truncation_step(None)
    return _cut(log, step.offset) or _cut(log, max(answer.log_start_offset, 0))


def _cut(log: PartitionLog, offset: Offset) -> list[facts.Fact]:
    was_end = log.log_end_offset
    if not log.truncate_to(offset):
        return []
    return [facts.LogTruncated(log.partition, log.log_end_offset, was_end)]
