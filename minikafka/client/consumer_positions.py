"""Where to read: positions looked up, reset, and checked when the leader changes.

```
 committed? ──yes──▶ position
     │ no, or OFFSET_OUT_OF_RANGE
     ▼
 auto.offset.reset: earliest, latest, by duration ──ListOffsets──▶ position      none: the application hears of it
```

* Nobody is told of a reset. Where the policy is `latest`, everything between is skipped in silence.
* After a change of leader the position is checked before the next fetch (KIP-320): where does the epoch of my last
  record end in *your* log? Below my position means that records I was given are gone.

Mirrors `OffsetFetcher`, `OffsetsRequestManager` and `SubscriptionState.maybeCompleteValidation`. What we leave out:
nothing of the rules; the application is told of a truncation by an error, not by an exception with the offsets in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from minikafka.client.consumer_requests import Asked
from minikafka.client.consumer_state import Assigned, Need, Shared, Trouble
from minikafka.config import ConsumerConfig
from minikafka.effects import Effect
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import (
    EARLIEST_TIMESTAMP,
    LATEST_TIMESTAMP,
    EpochEndPartition,
    EpochEndPartitionResult,
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
)
from minikafka.types import NO_EPOCH, BrokerId, Epoch, Millis, Offset, TopicPartition, broker_node

READ_COMMITTED = "read_committed"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?")

Questions = dict[BrokerId, list[ListOffsetsPartition]]


# --- decisions ---


def reset_timestamp(policy: str, now: Millis) -> int | None:
    """Which time to look up under this `auto.offset.reset`; None: there is no policy, the application has to choose."""
    match policy.partition(":"):
        case "earliest", _, _:
            return EARLIEST_TIMESTAMP
        case "latest", _, _:
            return LATEST_TIMESTAMP
        case "by_duration", _, duration:  # KIP-1106
            return max(now - duration_ms(duration), 0)
    return None


def truncation(position: Offset, end_epoch: Epoch, end_offset: Offset) -> Offset | None:
    """Where this reader's past parts from the leader's log (KIP-320); None: it does not, the position is good."""
    if end_epoch == NO_EPOCH:
        return 0  # The leader knows nothing as old as what we read.
    return end_offset if end_offset < position else None


def lag(assigned: Assigned, isolation_level: str) -> int | None:
    """How far the position is behind what may be read: the high watermark, or the last stable offset."""
    end = assigned.last_stable if isolation_level == READ_COMMITTED else assigned.high_watermark
    return None if assigned.position is None or end < 0 else max(end - assigned.position, 0)


def duration_ms(text: str) -> Millis:
    """An ISO-8601 duration such as `P3D` or `PT1H30M`. Raises `ValueError`."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError(f"{text!r} is no duration such as P3D or PT1H30M")
    days, hours, minutes, seconds = (float(group or 0) for group in found.groups())
    return round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)


def isolation_number(config: ConsumerConfig) -> int:
    """isolation.level as the number on the wire."""
    return 1 if config.isolation_level == READ_COMMITTED else 0


class Positions:
    """Finds the position of each partition that has none, and doubts those it has when leaders change."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._lookups: dict[int, dict[TopicPartition, int]] = {}
        """What the application asked for by ticket: timestamps of partitions without an answer so far."""
        self._lookup_not_before_ms: Millis = 0

    # --- the application's calls ---

    def look_up(self, wanted: dict[TopicPartition, int], ticket: int, now: Millis) -> None:
        """Find the offsets of these timestamps (or -1 end, -2 start); the answers come under the ticket."""
        self._lookups[ticket] = dict(wanted)
        self.shared.state.answers[ticket] = {}
        for partition in wanted:
            self.shared.metadata.topics.add(partition.topic)
            if self.shared.metadata.leader_of(partition) is None:
                self.shared.metadata_wanted = True

    def is_done(self, ticket: int) -> bool:
        """Has every partition of that ticket an answer?"""
        return not self._lookups.get(ticket)

    def forget(self, ticket: int) -> dict[TopicPartition, tuple[Offset, int, ErrorCode]]:
        """Take the answers; what is still open is given up."""
        self._lookups.pop(ticket, None)
        return self.shared.state.answers.pop(ticket, {})

    # --- what is due ---

    def advance(self, now: Millis) -> list[Effect]:
        """Ask what has to be asked now."""
        for partition, assigned in self.shared.assigned.items():
            self._doubt(partition, assigned)
        return self._reset(now) + self._validate(now) + self._answer_lookups(now)

    def _doubt(self, partition: TopicPartition, assigned: Assigned) -> None:
        """A leader of an epoch that the position was not checked against has to be asked first."""
        epoch = self.shared.metadata.epoch_of(partition)
        if epoch <= assigned.checked_epoch or assigned.position is None:
            return
        if assigned.need == Need.NOTHING and assigned.last_epoch not in (NO_EPOCH, epoch):
            assigned.need, assigned.replica = Need.VALIDATION, None
        elif assigned.need == Need.NOTHING:
            assigned.checked_epoch = epoch

    def _reset(self, now: Millis) -> list[Effect]:
        questions: Questions = {}
        for partition, assigned in self.shared.assigned.items():
            if assigned.need != Need.RESET or assigned.retry_at_ms > now:
                continue
            timestamp = assigned.reset_timestamp
            if timestamp is None:
                timestamp = reset_timestamp(self.shared.config.auto_offset_reset, now)
            if timestamp is None:
                assigned.need = Need.APPLICATION
                self._tell(partition, ErrorCode.OFFSET_OUT_OF_RANGE, "no committed offset, and no reset policy")
            else:
                self._ask_leader(questions, partition, timestamp, now)
        return self._send(questions, now)

    def _validate(self, now: Millis) -> list[Effect]:
        questions: dict[BrokerId, list[EpochEndPartition]] = {}
        for partition, assigned in self.shared.assigned.items():
            leader = self.shared.metadata.leader_of(partition)
            if assigned.need != Need.VALIDATION or assigned.retry_at_ms > now:
                continue
            if leader is None:
                self.shared.want_metadata(now)
                continue
            epoch = self.shared.metadata.epoch_of(partition)
            questions.setdefault(leader, []).append(EpochEndPartition(partition, assigned.last_epoch, epoch))
        effects: list[Effect] = []
        for leader, asked in sorted(questions.items()):
            node = broker_node(leader)
            if not self.shared.requests.is_under_way(OffsetForLeaderEpochRequest, node):
                effects += self.shared.requests.send(node, OffsetForLeaderEpochRequest(tuple(asked)), now)
        return effects

    def _answer_lookups(self, now: Millis) -> list[Effect]:
        effects: list[Effect] = []
        for ticket, wanted in self._lookups.items():
            questions: Questions = {}
            if (
                now >= self._lookup_not_before_ms
                and wanted
                and not self.shared.requests.is_under_way(ListOffsetsRequest, ticket=ticket)
            ):
                for partition, timestamp in wanted.items():
                    self._ask_leader(questions, partition, timestamp, now)
                effects += self._send(questions, now, ticket)
        return effects

    def _ask_leader(self, questions: Questions, partition: TopicPartition, timestamp: int, now: Millis) -> None:
        leader = self.shared.metadata.leader_of(partition)
        if leader is None:
            self.shared.want_metadata(now)
            return
        epoch = self.shared.metadata.epoch_of(partition)
        questions.setdefault(leader, []).append(ListOffsetsPartition(partition, timestamp, epoch))

    def _send(self, questions: Questions, now: Millis, ticket: int = 0) -> list[Effect]:
        effects: list[Effect] = []
        for leader, asked in sorted(questions.items()):
            node = broker_node(leader)
            if self.shared.requests.is_under_way(ListOffsetsRequest, node, ticket):
                continue
            request = ListOffsetsRequest(tuple(asked), isolation_level=isolation_number(self.shared.config))
            effects += self.shared.requests.send(node, request, now, ticket=ticket)
        return effects

    # --- answers ---

    def offsets_found(self, response: ListOffsetsResponse, asked: Asked, now: Millis) -> None:
        """Offsets for times: ours for a reset, or the application's."""
        for result in response.partitions:
            if result.error.retriable:
                self._try_again(result.partition, now)
            elif asked.ticket:
                open_here = self._lookups.get(asked.ticket, {})
                if open_here.pop(result.partition, None) is not None:
                    answer = (result.offset, result.timestamp, result.error)
                    self.shared.state.answers[asked.ticket][result.partition] = answer
            else:
                self._take_reset(result.partition, result.offset, result.error, now)

    def _take_reset(self, partition: TopicPartition, offset: Offset, error: ErrorCode, now: Millis) -> None:
        assigned = self.shared.assigned.get(partition)
        if assigned is None or assigned.need != Need.RESET:
            return
        if error != ErrorCode.NONE:
            self._tell(partition, error, "its position could not be looked up")
            assigned.retry_at_ms = now + self.shared.config.retry_backoff_ms
        elif offset < 0:
            assigned.reset(LATEST_TIMESTAMP)  # No record is that young: the end.
        else:
            assigned.move(offset, NO_EPOCH)
            assigned.checked_epoch = self.shared.metadata.epoch_of(partition)

    def epochs_found(self, response: OffsetForLeaderEpochResponse, now: Millis) -> None:
        """Where our epochs end in the logs of the new leaders."""
        for result in response.partitions:
            assigned = self.shared.assigned.get(result.partition)
            if assigned is None or assigned.need != Need.VALIDATION or assigned.position is None:
                continue
            if result.error != ErrorCode.NONE:
                self._try_again(result.partition, now)
            else:
                self._judge(assigned, assigned.position, result)

    def _judge(self, assigned: Assigned, position: Offset, result: EpochEndPartitionResult) -> None:
        self.shared.completed.pop(result.partition, None)
        parted = truncation(position, result.leader_epoch, result.end_offset)
        if parted is None:
            assigned.need = Need.NOTHING
            assigned.checked_epoch = self.shared.metadata.epoch_of(result.partition)
        elif self.shared.config.auto_offset_reset == "none":
            assigned.need = Need.APPLICATION
            self._tell(result.partition, ErrorCode.OFFSET_OUT_OF_RANGE, f"records from {parted} on were truncated")
        elif result.leader_epoch == NO_EPOCH:
            assigned.reset(None)
        else:
            assigned.move(parted, result.leader_epoch)
            assigned.checked_epoch = self.shared.metadata.epoch_of(result.partition)

    def out_of_range(self, partition: TopicPartition, asked: Offset, from_follower: bool) -> None:
        """A fetch asked for what is not there."""
        assigned = self.shared.assigned.get(partition)
        if assigned is None or assigned.position != asked or assigned.need != Need.NOTHING:
            return
        if from_follower:
            assigned.replica = None  # KIP-392: a follower may be behind; the leader has the last word.
        elif self.shared.config.auto_offset_reset == "none":
            assigned.need = Need.APPLICATION
            self._tell(partition, ErrorCode.OFFSET_OUT_OF_RANGE, f"{asked} is not in the log, and no reset policy")
        else:
            assigned.reset(None)

    def no_commit(self, partition: TopicPartition) -> None:
        """The group never committed an offset here: the policy decides."""
        self.shared.assigned[partition].reset(None)

    # --- small parts ---

    def tell_again(self) -> None:
        """Each poll says anew where the application has to choose a position."""
        for partition, assigned in self.shared.assigned.items():
            if assigned.need == Need.APPLICATION:
                self._tell(partition, ErrorCode.OFFSET_OUT_OF_RANGE, "it has no position, and no reset policy")

    def next_due_ms(self, now: Millis) -> Millis | None:
        """When the next pause after an error is over."""
        pauses = [one.retry_at_ms for one in self.shared.assigned.values()]
        return min((at for at in (*pauses, self._lookup_not_before_ms) if at > now), default=None)

    def pause(self, partitions: Iterable[TopicPartition], now: Millis) -> None:
        """A request about these went wrong: the next one after a pause."""
        at_ms = now + self.shared.config.retry_backoff_ms
        for partition in partitions:
            if partition in self.shared.assigned:
                self.shared.assigned[partition].retry_at_ms = at_ms
        if self._lookups:
            self._lookup_not_before_ms = at_ms

    def _try_again(self, partition: TopicPartition, now: Millis) -> None:
        self.shared.want_metadata(now)
        self.pause((partition,), now)

    def _tell(self, partition: TopicPartition, error: ErrorCode, reason: str) -> None:
        self.shared.state.errors.append(Trouble(partition, error, reason))
