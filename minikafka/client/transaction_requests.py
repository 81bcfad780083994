"""Asking coordinators: one question at a time, to the right broker, until there is an answer.

```
 next_request() ─▶ who coordinates? ─(FindCoordinator, any broker)─▶ the question ─▶ answer ─▶ judge
                        ▲                                                            │
                        └──── NOT_COORDINATOR, connection lost ◀─────────────────────┘
```

* The transactional id's coordinator knows the transaction; the group's coordinator keeps the offsets.
* A question whose answer was lost is asked again: coordinators recognise it.

Mirrors `TxnRequestHandler` and its subclasses. What we leave out: authorization errors of single topics.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from minikafka.client.cluster_metadata import ClusterMetadata
from minikafka.client.connections import Connections
from minikafka.effects import Effect, Observe
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import FindCoordinatorRequest, FindCoordinatorResponse
from minikafka.protocol.messages import Request, Response
from minikafka.protocol.transaction_messages import (
    AddOffsetsToTxnRequest,
    AddOffsetsToTxnResponse,
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    EndTxnRequest,
    EndTxnResponse,
    InitProducerIdRequest,
    InitProducerIdResponse,
    TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
)
from minikafka.types import Millis, NodeId, broker_node

if TYPE_CHECKING:
    from minikafka.client.transaction_manager import TransactionManager

GROUP, TRANSACTION = 0, 1
"""Key types of FindCoordinator."""
ADD_PARTITIONS_BACKOFF_MS: Millis = 20
"""The transaction before is still completing: ask soon again (KAFKA-5482)."""


class Verdict(Enum):
    """What an answer means for its question."""

    DONE = "done"
    AGAIN = "ask again"
    LOOK_UP = "ask another broker"
    """... after finding out which."""
    ABORTABLE = "abort the transaction"
    FATAL = "stop"


FENCED = frozenset({ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.PRODUCER_FENCED})
ABORTABLE = frozenset(
    {
        ErrorCode.TRANSACTION_ABORTABLE,
        ErrorCode.UNKNOWN_PRODUCER_ID,
        ErrorCode.INVALID_PRODUCER_ID_MAPPING,
        ErrorCode.TOPIC_AUTHORIZATION_FAILED,
        ErrorCode.GROUP_AUTHORIZATION_FAILED,
        ErrorCode.OPERATION_NOT_ATTEMPTED,
        ErrorCode.UNKNOWN_MEMBER_ID,
        ErrorCode.ILLEGAL_GENERATION,
        ErrorCode.STALE_MEMBER_EPOCH,
        ErrorCode.FENCED_INSTANCE_ID,
    }
)
"""The transaction is lost, the producer is not."""


def judge_error(request: Request, error: ErrorCode) -> Verdict:
    """What one error means, in an answer to this request."""
    if error == ErrorCode.NONE:
        return Verdict.DONE
    if error in FENCED:
        return Verdict.FATAL
    if error in (ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE):
        return Verdict.LOOK_UP
    if error == ErrorCode.REQUEST_TIMED_OUT and isinstance(request, TxnOffsetCommitRequest):
        return Verdict.LOOK_UP
    if error.retriable:
        return Verdict.AGAIN
    if isinstance(request, InitProducerIdRequest):
        return Verdict.ABORTABLE if error == ErrorCode.TRANSACTION_ABORTABLE else Verdict.FATAL
    return Verdict.ABORTABLE if error in ABORTABLE else Verdict.FATAL


def judge(request: Request, response: Response) -> tuple[Verdict, ErrorCode]:
    """The gravest of the errors in an answer, and what it means."""
    grave = [Verdict.DONE, Verdict.AGAIN, Verdict.LOOK_UP, Verdict.ABORTABLE, Verdict.FATAL]
    judged = [(judge_error(request, error), error) for error in errors_in(response)]
    return max(judged, key=lambda one: grave.index(one[0]), default=(Verdict.DONE, ErrorCode.NONE))


def errors_in(response: Response) -> list[ErrorCode]:
    """Every error of an answer, NONE among them."""
    match response:
        case InitProducerIdResponse() | EndTxnResponse() | AddOffsetsToTxnResponse():
            return [response.error]
        case AddPartitionsToTxnResponse():
            return [response.error, *(error for _, _, error in response.results)]
        case TxnOffsetCommitResponse():
            return [error for _, error in response.partitions]
    raise AssertionError(f"a producer does not ask for {type(response).__name__}")


def as_fenced(error: ErrorCode) -> ErrorCode:
    """A coordinator of an older version says INVALID_PRODUCER_EPOCH and means PRODUCER_FENCED."""
    return ErrorCode.PRODUCER_FENCED if error in FENCED else error


def coordinator_of(request: Request) -> tuple[int, str] | None:
    """Whose coordinator must be asked, as key type and key; None: any broker will do."""
    match request:
        case TxnOffsetCommitRequest():
            return GROUP, request.group
        case InitProducerIdRequest(transactional_id=str() as transactional_id):
            return TRANSACTION, transactional_id
        case AddPartitionsToTxnRequest():
            return TRANSACTION, request.transactions[0].transactional_id
        case AddOffsetsToTxnRequest() | EndTxnRequest():
            return TRANSACTION, request.transactional_id
    return None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question under way."""

    number: int
    request: Request
    node: NodeId
    due_ms: Millis


class TransactionRequests:
    """The questions of one producer."""

    def __init__(self, manager: TransactionManager, metadata: ClusterMetadata, connections: Connections) -> None:
        self.manager = manager
        self.metadata = metadata
        self.connections = connections
        self._coordinators: dict[tuple[int, str], NodeId] = {}
        self._asked: Asked | None = None
        self._not_before_ms: Millis = 0

    def ask(self, has_open_records: bool, now: Millis) -> list[Effect]:
        """Ask what is to be asked next, unless something is under way."""
        if self._asked is not None or now < self._not_before_ms or not self.knows_protocol:
            return []
        request = self.manager.next_request(has_open_records)
        if request is None:
            return []
        key = coordinator_of(request)
        node = self.metadata.whom_to_ask() if key is None else self._coordinators.get(key)
        if node is None and key is not None:
            request, node = FindCoordinatorRequest(key[0], (key[1],)), self.metadata.whom_to_ask()
        assert node is not None, "somebody can always be asked"
        number, send = self.connections.request(node, request)
        self._asked = Asked(number, request, node, now + self.manager.config.request_timeout_ms)
        return [send]

    @property
    def knows_protocol(self) -> bool:
        """Has a broker told which transaction.version the cluster has?"""
        return self.manager.version is not None or not self.manager.is_transactional

    def answered(self, number: int, response: Response, now: Millis) -> list[Effect]:
        """An answer; one to a question that was given up is ignored."""
        asked = self._asked
        if asked is None or asked.number != number:
            return []
        self._asked = None
        if isinstance(response, FindCoordinatorResponse):
            return self._found(asked, response, now)
        verdict, told = self.manager.answered(asked.request, response)
        if verdict == Verdict.LOOK_UP:
            self._forget_coordinator(asked.request)
        if verdict in (Verdict.AGAIN, Verdict.LOOK_UP):
            self._not_before_ms = now + self._backoff_ms(asked.request, response)
        return [Observe(fact) for fact in told]

    def _found(self, asked: Asked, response: FindCoordinatorResponse, now: Millis) -> list[Effect]:
        request = asked.request
        assert isinstance(request, FindCoordinatorRequest)
        found = response.coordinators[0]
        if found.error == ErrorCode.NONE:
            self._coordinators[request.key_type, request.keys[0]] = broker_node(found.broker_id)
        elif found.error.retriable:
            self._not_before_ms = now + self.manager.config.retry_backoff_ms
        else:
            told: list[facts.Fact] = self.manager.lookup_failed(found.error, fatal=request.key_type == TRANSACTION)
            return [Observe(fact) for fact in told]
        return []

    def _backoff_ms(self, request: Request, response: Response) -> Millis:
        backoff_ms = self.manager.config.retry_backoff_ms
        first = isinstance(request, AddPartitionsToTxnRequest) and not self.manager.transaction.partitions
        if first and ErrorCode.CONCURRENT_TRANSACTIONS in errors_in(response):
            return min(backoff_ms, ADD_PARTITIONS_BACKOFF_MS)
        return backoff_ms

    def connection_lost(self, peer: NodeId, now: Millis) -> None:
        """The question must be asked again, and perhaps of somebody else."""
        for key in [key for key, node in self._coordinators.items() if node == peer]:
            del self._coordinators[key]
        if self._asked is not None and self._asked.node == peer:
            self._ask_again(now)

    def give_up_the_late(self, now: Millis) -> None:
        """No answer within request.timeout.ms."""
        if self._asked is not None and self._asked.due_ms <= now:
            self.connections.give_up(self._asked.node)
            self._ask_again(now)

    def _ask_again(self, now: Millis) -> None:
        assert self._asked is not None
        if coordinator_of(self._asked.request) is None:
            self.metadata.ask_another()
        self._forget_coordinator(self._asked.request)
        self._asked = None
        self._not_before_ms = now + self.manager.config.retry_backoff_ms

    def _forget_coordinator(self, request: Request) -> None:
        key = coordinator_of(request)
        if key is not None:
            self._coordinators.pop(key, None)

    def due_times(self, now: Millis) -> list[Millis]:
        """When to look again."""
        if self._asked is not None:
            return [self._asked.due_ms]
        return [self._not_before_ms] if self._not_before_ms > now else []
