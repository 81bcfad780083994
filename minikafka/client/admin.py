"""The admin client: asks whoever can answer, until somebody does.

```
 who can answer?   any broker · broker 2 · the leader of orders-0 · the coordinator of group "billing"
                                            │ Metadata               │ FindCoordinator
                                            ▼                        ▼
                                     send ─▶ answer, or: not me, not now ─▶ pause, look again, send again
```

* A request is given up when its time is up, and its outcome is unknown then, as with every timeout.
* An answer that only says "not me" or "not yet" is not handed out: the client looks again and asks again.

Mirrors `KafkaAdminClient` with its `AdminApiDriver` and lookup strategies. What we leave out: one request for several
leaders at a time (each partition is asked for by itself), jitter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minikafka.config import AdminConfig
from minikafka.effects import Effect, Send, SetTimer, Timer
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import FindCoordinatorRequest, FindCoordinatorResponse
from minikafka.protocol.messages import Envelope, MetadataRequest, MetadataResponse, Request, Response
from minikafka.types import NO_LEADER, BrokerId, Millis, NodeId, TopicPartition, broker_node

WAKE = "admin-wake"

ASK_AGAIN = frozenset(
    {
        ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.LEADER_NOT_AVAILABLE, ErrorCode.FENCED_LEADER_EPOCH,
        ErrorCode.UNKNOWN_LEADER_EPOCH, ErrorCode.OFFSET_NOT_AVAILABLE, ErrorCode.NOT_CONTROLLER,
        ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.REPLICA_NOT_AVAILABLE, ErrorCode.KAFKA_STORAGE_ERROR,
    }
)  # fmt: skip
"""Answers that say: not me, or not yet."""

Target = BrokerId | TopicPartition | str | None
"""Who can answer: that broker, the partition's leader, the group's coordinator; None: anybody."""


@dataclass(slots=True)
class Call:
    """A request that has no answer yet."""

    request: Request
    target: Target
    due_ms: Millis
    asked: NodeId = ""
    """Whom it waits for; empty during a pause."""
    number: int = 0
    """Correlation id of what was asked last."""
    not_before_ms: Millis = 0


class AdminNode:
    """Asks brokers until one answers."""

    def __init__(self, node: NodeId, config: AdminConfig, bootstrap: tuple[NodeId, ...]) -> None:
        self.id = node
        self.config = config
        self.bootstrap = bootstrap
        self.answers: dict[int, Response] = {}
        """Answers by ticket, for the surface to collect."""
        self.given_up: dict[int, ErrorCode] = {}
        """Why there will be no answer, by ticket."""
        self._calls: dict[int, Call] = {}
        self._ticket = 0
        self._number = 0
        self._turn = 0
        self._wake_due_ms: Millis | None = None

    def ask(
        self, request: Request, now: Millis, target: Target = None, timeout_ms: Millis | None = None
    ) -> tuple[int, list[Effect]]:
        """Send a request: (ticket, effects); the answer will be in `answers` under the ticket, or a reason why not."""
        self._ticket += 1
        wait_ms = self.config.request_timeout_ms if timeout_ms is None else timeout_ms
        call = self._calls[self._ticket] = Call(request, target, now + wait_ms)
        return self._ticket, [*self._send(call), *self._watch(now)]

    def start(self, now: Millis) -> list[Effect]:
        """Nothing to do before the first request."""
        return []

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """Keep an answer, follow a lookup, or ask again."""
        found = next(((key, one) for key, one in self._calls.items() if one.number == envelope.correlation_id), None)
        response = envelope.message
        if found is None or not isinstance(response, Response):
            return []
        ticket, call = found
        match response:
            case MetadataResponse() if isinstance(call.target, TopicPartition):
                effects = self._looked_up(ticket, call, *_leader_in(response, call.target), now)
            case FindCoordinatorResponse() if isinstance(call.target, str):
                one = response.coordinators[0]
                effects = self._looked_up(ticket, call, one.error, one.broker_id, now)
            case _ if error_in(response) in ASK_AGAIN:
                effects = self._pause(call, now)
            case _:
                del self._calls[ticket]
                self.answers[ticket] = response
                effects = []
        return effects + self._watch(now)

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """That broker is gone: ask the next one after a pause."""
        lost = [call for call in self._calls.values() if call.asked == peer]
        if not lost:
            return []
        self._turn += 1
        return [effect for call in lost for effect in self._pause(call, now)] + self._watch(now)

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """A pause is over: ask again, or give up what has waited too long."""
        if timer.guards != self._wake_due_ms:
            return []
        self._wake_due_ms = None
        effects: list[Effect] = []
        for ticket, call in list(self._calls.items()):
            if call.due_ms <= now:
                self.give_up(ticket)
            elif not call.asked and call.not_before_ms <= now:
                effects += self._send(call)
        return effects + self._watch(now)

    def give_up(self, ticket: int) -> None:
        """Nobody has answered in time: whatever comes later is ignored, and the next question goes to somebody else."""
        if ticket in self._calls:
            self._turn += 1
            self._end(ticket, ErrorCode.REQUEST_TIMED_OUT)

    # --- one call ---

    def _send(self, call: Call) -> list[Effect]:
        """Ask, or first look for who can answer."""
        match call.target:
            case TopicPartition(topic=topic):
                return self._put(call, MetadataRequest((topic,)), self._anybody())
            case str(group):
                return self._put(call, FindCoordinatorRequest(0, (group,)), self._anybody())
            case int(broker):
                return self._put(call, call.request, broker_node(broker))
            case _:
                return self._put(call, call.request, self._anybody())

    def _put(self, call: Call, request: Request, broker: NodeId) -> list[Effect]:
        self._number += 1
        call.number, call.asked = self._number, broker
        return [Send(Envelope(self.id, broker, request, self._number, f"admin-{self._turn}" if self._turn else "data"))]

    def _anybody(self) -> NodeId:
        return self.bootstrap[self._turn % len(self.bootstrap)]

    def _looked_up(self, ticket: int, call: Call, error: ErrorCode, broker: BrokerId, now: Millis) -> list[Effect]:
        if error == ErrorCode.NONE and broker != NO_LEADER:
            return self._put(call, call.request, broker_node(broker))
        if error != ErrorCode.NONE and error not in ASK_AGAIN:
            self._end(ticket, error)
            return []
        return self._pause(call, now)

    def _pause(self, call: Call, now: Millis) -> list[Effect]:
        call.asked, call.number, call.not_before_ms = "", -1, now + self.config.retry_backoff_ms
        return []

    def _end(self, ticket: int, error: ErrorCode) -> None:
        del self._calls[ticket]
        self.given_up[ticket] = error

    def _watch(self, now: Millis) -> list[Effect]:
        """One timer, for the pause that is over first; who waits for an answer gives up by `give_up`."""
        dues = [call.not_before_ms for call in self._calls.values() if not call.asked]
        due = max(min(dues), now + 1) if dues else None
        if due is None or (self._wake_due_ms is not None and self._wake_due_ms <= due):
            return []
        self._wake_due_ms = due
        return [SetTimer(Timer(WAKE, due), due - now)]


def _leader_in(news: MetadataResponse, partition: TopicPartition) -> tuple[ErrorCode, BrokerId]:
    topic = news.topics[0]
    if topic.error != ErrorCode.NONE:
        return topic.error, NO_LEADER
    found = next((one for one in topic.partitions if one.partition == partition), None)
    return (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, NO_LEADER) if found is None else (found.error, found.leader)


def error_in(response: Response) -> ErrorCode:
    """The error of the answer, or of the first part of it that has one."""
    error = getattr(response, "error", None)
    if error is not None:
        return ErrorCode(error)
    for part in ("topics", "resources", "groups", "partitions"):
        for entry in getattr(response, part, ()):
            return _error_of_entry(entry)
    return ErrorCode.NONE


def _error_of_entry(entry: Any) -> ErrorCode:
    if isinstance(entry, tuple):
        return next((one for one in entry if isinstance(one, ErrorCode)), ErrorCode.NONE)
    return ErrorCode(getattr(entry, "error", ErrorCode.NONE))
