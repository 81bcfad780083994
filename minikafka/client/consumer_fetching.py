"""Fetching: one request to each leader at a time, ahead of the application, and handing over when it polls.

```
 leader 1 ◀─ one fetch in flight ─▶ ┐                     ┌ poll returns max.poll.records of them,
 leader 2 ◀─ one fetch in flight ─▶ ├─▶ waiting answers ──┤ and the position moves
 follower in my rack (KIP-392) ◀──▶ ┘                     └ the next fetches leave at once
```

* A partition whose last answer is not handed over yet is not fetched again, so nothing is fetched twice.
* What it is given lies below the high watermark of a leader of the epoch it believes in (KIP-320), or, with
  `read_committed`, below the last stable offset, and without the records of aborted transactions.
* Markers and aborted records are never handed over, but take offsets: positions jump over them.
* FENCED_LEADER_EPOCH: I am behind, look who leads. UNKNOWN_LEADER_EPOCH: the broker is behind, ask again.

Mirrors `Fetcher`, `FetchCollector` and `CompletedFetch`. What we leave out: `check.crcs` (the simulated network does
not corrupt), fetch sessions (KIP-227).
"""

from __future__ import annotations

from collections.abc import Iterable

from minikafka.client import consumer_positions
from minikafka.client.consumer_positions import Positions
from minikafka.client.consumer_requests import PROBE, Asked
from minikafka.client.consumer_state import Assigned, Completed, Fetched, Need, Shared, Trouble
from minikafka.effects import Effect, Observe
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import FetchPartition, FetchPartitionResult, FetchRequest, FetchResponse
from minikafka.protocol.records import RecordBatch, end_marker, split_batches
from minikafka.types import (
    NO_LEADER,
    BrokerId,
    Epoch,
    Millis,
    NodeId,
    Offset,
    TopicPartition,
    broker_node,
    number_of,
)

# --- decisions ---


def readable(batches: Iterable[RecordBatch], aborted: Iterable[tuple[int, Offset]] | None) -> list[RecordBatch]:
    """The batches a reader may see. `aborted`: (producer id, first offset) of each aborted transaction.

    From that offset to its marker nothing transactional of that producer is handed over (KIP-98). Markers never are.
    """
    waiting = sorted(aborted or (), key=lambda one: one[1])
    inside: list[int] = []
    seen: list[RecordBatch] = []
    for batch in batches:
        while waiting and waiting[0][1] <= batch.last_offset:
            inside.append(waiting.pop(0)[0])
        marker = end_marker(batch) if batch.is_control else None
        if marker is not None and not marker.commit:
            inside = [producer for producer in inside if producer != batch.producer_id]
        if not batch.is_control and not (batch.is_transactional and batch.producer_id in inside):
            seen.append(batch)
    return seen


def whom_to_fetch_from(assigned: Assigned, leader: BrokerId | None, now: Millis) -> BrokerId | None:
    """The leader, or for a while the follower it named as nearer (KIP-392)."""
    if assigned.replica is not None and now < assigned.replica_until_ms:
        return assigned.replica
    return leader


def hand_over(completed: Completed, most: int) -> tuple[list[Fetched], Offset, Epoch]:
    """Up to `most` records, and the position behind them with its epoch.

    Only with everything handed over does the position jump to the end of the answer, over markers and gaps.
    """
    records = completed.records[:most]
    if len(records) == most and records:
        return records, records[-1].record.offset + 1, records[-1].leader_epoch
    return records, completed.next_offset, completed.next_epoch


class Fetching:
    """Keeps one fetch under way to each broker, and hands over what has arrived."""

    def __init__(self, shared: Shared, positions: Positions) -> None:
        self.shared = shared
        self.positions = positions

    # --- asking ---

    def fetch(self, now: Millis) -> list[Effect]:
        """Ask every leader that has no fetch of ours under way for all partitions that lack records."""
        by_broker: dict[BrokerId, list[FetchPartition]] = {}
        for partition, assigned in self.shared.assigned.items():
            if not self._is_fetchable(partition, assigned, now):
                continue
            leader = self.shared.metadata.leader_of(partition)
            broker = whom_to_fetch_from(assigned, leader, now)
            if broker is None:
                self.shared.want_metadata(now)
                continue
            assert assigned.position is not None, "what is fetchable has a position"
            epoch, most = self.shared.metadata.epoch_of(partition), self.shared.config.max_partition_fetch_bytes
            wanted = FetchPartition(partition, assigned.position, epoch, max_bytes=most)
            by_broker.setdefault(broker, []).append(wanted)
        effects: list[Effect] = []
        for broker, partitions in sorted(by_broker.items()):
            node = broker_node(broker)
            if not self.shared.requests.is_under_way(FetchRequest, node):
                request = self._request(tuple(partitions), self.shared.config.fetch_max_wait_ms)
                effects += self.shared.requests.send(node, request, now)
        return effects

    def probe(
        self, broker: NodeId, partition: TopicPartition, offset: Offset, epoch: Epoch, now: Millis
    ) -> list[Effect]:
        """One fetch to a broker of our choice with an epoch of our choice, to see what it answers."""
        wanted = FetchPartition(partition, offset, epoch, max_bytes=self.shared.config.max_partition_fetch_bytes)
        return self.shared.requests.send(broker, self._request((wanted,), 0), now, channel=PROBE)

    def _is_fetchable(self, partition: TopicPartition, assigned: Assigned, now: Millis) -> bool:
        if assigned.retry_at_ms and self.shared.metadata_wanted:
            return False  # The last answer was an error, and who leads now is not known yet.
        return (
            assigned.need == Need.NOTHING
            and assigned.position is not None
            and not assigned.paused
            and not assigned.leaving
            and assigned.retry_at_ms <= now
            and partition not in self.shared.completed
        )

    def _request(self, partitions: tuple[FetchPartition, ...], max_wait_ms: Millis) -> FetchRequest:
        config = self.shared.config
        return FetchRequest(
            -1,
            partitions,
            max_wait_ms=max_wait_ms,
            min_bytes=config.fetch_min_bytes,
            max_bytes=config.fetch_max_bytes,
            isolation_level=consumer_positions.isolation_number(config),
            rack_id=config.client_rack,
        )

    # --- answers ---

    def fetched(self, response: FetchResponse, asked: Asked, now: Millis) -> list[Effect]:
        """Keep what arrived until the application polls, or see what an error asks for."""
        request = asked.request
        assert isinstance(request, FetchRequest), "only a fetch brings records"
        starts = {one.partition: one.fetch_offset for one in request.partitions}
        effects: list[Effect] = []
        for result in response.partitions:
            if asked.channel == PROBE:
                effects += self._probed(result, asked, starts[result.partition])
            elif result.error != ErrorCode.NONE:
                effects += self._refused(result, asked, starts[result.partition], now)
            else:
                self._take(result, starts[result.partition], now)
        return effects

    def _take(self, result: FetchPartitionResult, start: Offset, now: Millis) -> None:
        assigned = self.shared.assigned.get(result.partition)
        if assigned is None or assigned.leaving or assigned.position != start or assigned.need != Need.NOTHING:
            return  # An answer to a question that is no longer asked: it was given up, or sought elsewhere.
        assigned.log_start, assigned.high_watermark = result.log_start_offset, result.high_watermark
        assigned.last_stable, assigned.retry_at_ms = result.last_stable_offset, 0
        if result.preferred_read_replica != NO_LEADER:
            assigned.replica = result.preferred_read_replica
            assigned.replica_until_ms = now + self.shared.config.metadata_max_age_ms
            return
        completed = complete(result, start)
        if completed is not None:
            self.shared.completed[result.partition] = completed
        elif self.shared.config.enable_partition_eof and assigned.end_told != start:
            assigned.end_told = start
            self.shared.state.ends.append((result.partition, start))

    def _probed(self, result: FetchPartitionResult, asked: Asked, start: Offset) -> list[Effect]:
        self.shared.state.probes.append(result)
        if result.error != ErrorCode.NONE:
            return [Observe(facts.FetchFailed(result.partition, number_of(asked.broker), result.error))]
        completed = complete(result, start)
        if completed is None or not completed.records:
            return []
        return [Observe(consumed(result.partition, completed.records, completed.records[-1].record.offset + 1))]

    def _refused(self, result: FetchPartitionResult, asked: Asked, start: Offset, now: Millis) -> list[Effect]:
        partition, error = result.partition, result.error
        effects: list[Effect] = [Observe(facts.FetchFailed(partition, number_of(asked.broker), error))]
        assigned = self.shared.assigned.get(partition)
        if assigned is None:
            return effects
        from_follower = assigned.replica == number_of(asked.broker)
        if error == ErrorCode.OFFSET_OUT_OF_RANGE:
            self.positions.out_of_range(partition, start, from_follower)
        elif error.retriable:
            assigned.retry_at_ms = now + self.shared.config.retry_backoff_ms
            assigned.replica = None
            if error.refreshes_metadata:
                self.shared.want_metadata(now)
        else:
            assigned.retry_at_ms = now + self.shared.config.retry_backoff_ms
            self.shared.state.errors.append(Trouble(partition, error))
        return effects

    # --- handing over ---

    def collect(self, most: int) -> list[Effect]:
        """Hand over up to `most` records; positions move now, and at no other time."""
        effects: list[Effect] = []
        for partition, completed in list(self.shared.completed.items()):  # In the order in which they arrived.
            assigned = self.shared.assigned[partition]
            if assigned.position != completed.start:
                del self.shared.completed[partition]  # The application has sought elsewhere.
                continue
            if most <= 0 or assigned.paused or assigned.leaving or assigned.need != Need.NOTHING:
                continue
            records, position, epoch = hand_over(completed, most)
            self._advance_position(partition, assigned, len(records), position, epoch)
            self.shared.state.buffer += records
            most -= len(records)
            effects.append(Observe(consumed(partition, records, position)))
        return effects

    def _advance_position(
        self, partition: TopicPartition, assigned: Assigned, handed: int, position: Offset, epoch: Epoch
    ) -> None:
        completed = self.shared.completed[partition]
        assigned.position, assigned.last_epoch, assigned.end_told = position, epoch, -1
        del completed.records[:handed]
        completed.start = position
        if position == completed.next_offset and not completed.records:
            del self.shared.completed[partition]


def complete(result: FetchPartitionResult, start: Offset) -> Completed | None:
    """An answer unpacked; None when it brought nothing."""
    batches = list(split_batches(result.records))
    if not batches:
        return None
    records = [
        Fetched(result.partition, record, batch.leader_epoch)
        for batch in readable(batches, result.aborted_transactions)
        for record in batch.records()
        if record.offset >= start
    ]
    return Completed(start, records, max(batches[-1].next_offset, start), batches[-1].leader_epoch)


def consumed(partition: TopicPartition, records: list[Fetched], position: Offset) -> facts.RecordsConsumed:
    """The fact that these records were handed over."""
    told = tuple((one.record.offset, one.leader_epoch, one.record.key, one.record.value) for one in records)
    return facts.RecordsConsumed(partition, told, position)
