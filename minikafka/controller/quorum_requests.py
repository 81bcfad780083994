"""What controllers and brokers ask of a voter, and the fetches that wait for the next metadata record.

```
 Fetch ─▶ does the asker know my epoch? ─▶ do our logs agree? ─▶ note how far it is ─▶ records, or wait for them
```

* A waiting fetch is answered when there is a record, when more is committed than the reader knows (KIP-1166), when the
  leadership is lost, and else after its `max_wait_ms`.

Mirrors the handlers of `KafkaRaftClient` and its fetch purgatory. What we leave out: the purgatory with its timing
wheel; one timer for whoever is due first does the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from minikafka.controller.quorum_voter import Voter
from minikafka.effects import Effect, Observe, Send, SetTimer, Timer
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import (
    Envelope,
    FetchPartition,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    Request,
    Response,
)
from minikafka.protocol.quorum_messages import (
    BeginQuorumEpochRequest,
    BeginQuorumEpochResponse,
    DescribeQuorumRequest,
    DescribeQuorumResponse,
    EndQuorumEpochRequest,
    EndQuorumEpochResponse,
    FetchSnapshotRequest,
    FetchSnapshotResponse,
    VoteRequest,
    VoteResponse,
)
from minikafka.types import Millis, NodeId

FETCH_EXPIRY = "metadata-fetch-expiry"
_Request: TypeAlias = (
    FetchRequest
    | VoteRequest
    | BeginQuorumEpochRequest
    | EndQuorumEpochRequest
    | FetchSnapshotRequest
    | DescribeQuorumRequest
)


class QuorumRequests:
    """The door of one voter."""

    def __init__(self, voter: Voter) -> None:
        self.voter = voter
        self.waiting: list[tuple[Millis, Envelope]] = []
        """Fetches that wait, with the time at which they get an empty answer."""
        self._looked_at: tuple[object, ...] = ()
        """What the log and the quorum were when those who wait were looked at last."""

    @staticmethod
    def is_for_quorum(request: Request) -> bool:
        """Is it answered here, active or not?"""
        return isinstance(request, _Request)

    def answer(self, envelope: Envelope, request: Request, now: Millis) -> list[Effect]:
        """Answer another voter, or a reader of the log."""
        match request:
            case FetchRequest():
                return self._fetch(envelope, request, now)
            case FetchSnapshotRequest():
                return [Send(envelope.reply(self._snapshot_piece(request, now)))]
            case DescribeQuorumRequest():
                return [Send(envelope.reply(self._describe(now)))]
        response, told = self._about_epochs(request, now)
        return [*(Observe(fact) for fact in told), Send(envelope.reply(response))]

    def _about_epochs(self, request: Request, now: Millis) -> tuple[Response, list[facts.Fact]]:
        match request:
            case VoteRequest():
                return self.voter.vote(request, now)
            case BeginQuorumEpochRequest():
                return self.voter.begin_epoch(request, now)
            case EndQuorumEpochRequest():
                return self.voter.end_epoch(request, now)
        raise AssertionError(f"a voter does not serve {type(request).__name__}")

    def take(self, peer: int, asked: Request, answer: Response, now: Millis) -> tuple[bool, list[facts.Fact]]:
        """Use another voter's answer: (was it a good one?, what happened)."""
        voter = self.voter
        match asked, answer:
            case VoteRequest(), VoteResponse():
                return answer.error == ErrorCode.NONE, voter.take_vote(peer, asked, answer, now)
            case BeginQuorumEpochRequest(), BeginQuorumEpochResponse():
                return answer.error == ErrorCode.NONE, voter.take_begin(peer, asked, answer, now)
            case EndQuorumEpochRequest(), EndQuorumEpochResponse():
                return answer.error == ErrorCode.NONE, voter.take_end(peer, answer, now)
            case FetchRequest(), FetchResponse():
                result = answer.partitions[0]
                return result.error == ErrorCode.NONE, voter.take_fetch(asked, result, now)
            case FetchSnapshotRequest(), FetchSnapshotResponse():
                return answer.error == ErrorCode.NONE, voter.take_snapshot_piece(asked, answer, now)
        return False, []

    # --- readers of the log ---

    def _fetch(self, envelope: Envelope, request: FetchRequest, now: Millis) -> list[Effect]:
        result = self._read(request.partitions[0])
        effects: list[Effect] = []
        if result.error == ErrorCode.NONE and result.diverging_epoch < 0 and result.snapshot_id is None:
            effects = [Observe(fact) for fact in self.voter.record_fetch(request, now)]
            if result.high_watermark != self.voter.log.high_watermark:
                result = replace(result, high_watermark=self.voter.log.high_watermark)
        if request.max_wait_ms <= 0 or _is_news(result, request.partitions[0]):
            return [*effects, Send(envelope.reply(FetchResponse((result,))))]
        self.waiting.append((now + request.max_wait_ms, envelope))
        return [*effects, SetTimer(Timer(FETCH_EXPIRY, envelope.correlation_id, envelope.source), request.max_wait_ms)]

    def _read(self, asked: FetchPartition) -> FetchPartitionResult:
        voter = self.voter
        error = voter.refusal(asked.current_leader_epoch)
        if error != ErrorCode.NONE:
            return FetchPartitionResult(
                asked.partition, error, current_leader=voter.leader_hint, current_leader_epoch=voter.epoch
            )
        return voter.log.read(asked, voter.epoch, voter.local_id)

    def answer_waiting(self, now: Millis, only_due: bool = False) -> list[Effect]:
        """Answer who can be answered now: whose time is over, and everybody there is news for."""
        effects: list[Effect] = []
        waiting = []
        may_be_news = not only_due and self._has_changed()
        for deadline, envelope in self.waiting:
            if deadline > now and not may_be_news:
                waiting.append((deadline, envelope))
                continue
            request = envelope.message
            assert isinstance(request, FetchRequest), "only fetches wait here"
            result = self._read(request.partitions[0])
            if deadline <= now or _is_news(result, request.partitions[0]):
                effects.append(Send(envelope.reply(FetchResponse((result,)))))
            else:
                waiting.append((deadline, envelope))
        self.waiting = waiting
        return effects

    def _has_changed(self) -> bool:
        """Has anything changed that an answer is made of?"""
        voter, log = self.voter, self.voter.log
        before, self._looked_at = (
            self._looked_at,
            (voter.epoch, voter.is_leader, log.high_watermark, log.log_end_offset, log.log.log_start_offset),
        )
        return before != self._looked_at

    def forget(self, peer: NodeId) -> None:
        """Nobody waits there any more."""
        self.waiting = [one for one in self.waiting if one[1].source != peer]

    def _snapshot_piece(self, request: FetchSnapshotRequest, now: Millis) -> FetchSnapshotResponse:
        voter = self.voter
        error = voter.refusal(request.current_leader_epoch)
        if error != ErrorCode.NONE or voter.leadership is None:
            return FetchSnapshotResponse(error, leader=voter.leader_hint, epoch=voter.epoch)
        voter.leadership.record_alive(request.replica_id, now)
        return voter.log.read_piece(request, voter.epoch, voter.local_id)

    def _describe(self, now: Millis) -> DescribeQuorumResponse:
        voter = self.voter
        if voter.leadership is None:
            return DescribeQuorumResponse(ErrorCode.NOT_LEADER_OR_FOLLOWER, voter.leader_hint, voter.epoch)
        return DescribeQuorumResponse(
            ErrorCode.NONE, voter.local_id, voter.epoch, voter.log.high_watermark,
            voter.leadership.describe(voter.local_id, voter.log.log_end_offset, now),
            voter.leadership.describe_observers(),
        )  # fmt: skip


def _is_news(result: FetchPartitionResult, asked: FetchPartition) -> bool:
    return (
        bool(result.records)
        or result.error != ErrorCode.NONE
        or result.diverging_epoch >= 0
        or result.snapshot_id is not None
        or result.high_watermark > asked.high_watermark
    )
