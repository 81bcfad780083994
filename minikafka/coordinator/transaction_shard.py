"""All transactional ids of one partition of `__transaction_state`, and what is decided about each.

```
 request ─▶ shard.handle ─▶ transaction.end_transaction(what is known, request) ─▶ record ─▶ log ─▶ shard.replay
                                                                         └─▶ committed? then: answer, and markers
```

* What an id is, is the newest record of it in the log. A new leader replays them, and carries on what it finds decided.
* Markers are ordered when the Prepare record is committed, and never before (I23).

Mirrors `TransactionStateManager`, and the request handlers of `TransactionCoordinator`. What we leave out: a limit on
how many tombstones go into one batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from minikafka.config import ServerConfig
from minikafka.coordinator import transaction, transaction_state
from minikafka.coordinator.result import NOTHING, CoordinatorResult, KeyedRecord, ShardResult, Wake
from minikafka.coordinator.transaction import Decision
from minikafka.coordinator.transaction_state import Transaction, TransactionRecord, TransactionState
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Request, Response
from minikafka.protocol.transaction_messages import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    DescribedTransaction,
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
    EndTxnRequest,
    EndTxnResponse,
    InitProducerIdRequest,
    InitProducerIdResponse,
    ListTransactionsRequest,
    ListTransactionsResponse,
    TransactionToAdd,
)
from minikafka.types import NO_PRODUCER_ID, Epoch, Millis, TopicPartition

TIMEOUTS, EXPIRY, MARKERS_WRITTEN = "timeouts", "expiry", "markers-written"
"""What a shard is woken for."""


class MarkersOrder(NamedTuple):
    """A decision is committed: write its markers, and say when all are written."""

    transaction: Transaction
    coordinator: TopicPartition
    coordinator_epoch: Epoch


class TransactionShard:
    """The memory of one partition. Changed by `replay` only."""

    def __init__(
        self, partition: TopicPartition, leader_epoch: Epoch, config: ServerConfig, take_producer_id: Callable[[], int]
    ) -> None:
        """`take_producer_id` gives a fresh id, or -1 while this broker has none."""
        self.partition = partition
        self.leader_epoch = leader_epoch
        self.config = config
        self.transactions: dict[str, Transaction] = {}
        self._take_producer_id = take_producer_id

    # --- what the log says ---

    def replay(self, record: KeyedRecord, producer_id: int) -> None:
        """The newest record of an id is what it is; a tombstone takes it away."""
        read = transaction_state.decode(record.key, record.value)
        if read.value is None:
            self.transactions.pop(read.transactional_id, None)
        else:
            self.transactions[read.transactional_id] = read.value

    def replay_marker(self, producer_id: int, commit: bool) -> tuple[facts.Fact, ...]:
        """No transaction writes into this topic."""
        return ()

    def loaded(self, now: Millis) -> ShardResult:
        """Carry on what was decided and is not complete."""
        undone = [self._order(one) for one in self.transactions.values() if one.is_completing]
        return CoordinatorResult((), None, orders=tuple(undone))

    # --- requests ---

    def handle(self, request: Request, ticket: int, now: Millis) -> ShardResult:
        """Decide about one transactional id, or look at them."""
        match request:
            case InitProducerIdRequest():
                return self._init_producer_id(request, now)
            case AddPartitionsToTxnRequest(transactions=(asked,)):
                return self._add_partitions(asked, request, now)
            case EndTxnRequest():
                return self._end(request, now)
            case DescribeTransactionsRequest(transactional_ids=(name,)):
                response = DescribeTransactionsResponse((describe(name, self.transactions.get(name)),))
                return CoordinatorResult((), response)
            case ListTransactionsRequest():
                listed = tuple(self.transactions[name] for name in sorted(self.transactions))
                return CoordinatorResult((), list_transactions(listed, request, now))
        raise AssertionError(f"no transaction coordinator answers {type(request).__name__}")

    def _init_producer_id(self, request: InitProducerIdRequest, now: Millis) -> ShardResult:
        name = request.transactional_id
        assert name is not None, "without a transactional id no coordinator is asked"
        current, fresh_id = self.transactions.get(name), NO_PRODUCER_ID
        if not transaction.is_valid_timeout(request.transaction_timeout_ms, self.config.transaction_max_timeout_ms):
            return CoordinatorResult((), InitProducerIdResponse(ErrorCode.INVALID_TRANSACTION_TIMEOUT))
        if transaction.needs_producer_id(current):
            fresh_id = self._take_producer_id()
            if fresh_id == NO_PRODUCER_ID:
                return CoordinatorResult((), InitProducerIdResponse(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
        decision = transaction.init_producer_id(current, request, fresh_id, now)
        answer = decision.response
        told: list[facts.Fact] = self._told("InitProducerId", name, answer.error, request.producer_epoch, current)
        if answer.error == ErrorCode.NONE:
            told.append(facts.ProducerIdGranted(name, answer.producer_id, answer.producer_epoch))
        return self._result(decision, answer, told)

    def _add_partitions(self, asked: TransactionToAdd, request: AddPartitionsToTxnRequest, now: Millis) -> ShardResult:
        name = asked.transactional_id
        current = self.transactions.get(name)
        if asked.verify_only:
            verified = transaction.verify_partitions(current, asked)
            error = verified[0][1] if verified else ErrorCode.NONE
            told = self._told("verification", name, error, asked.producer_epoch, current)
            return CoordinatorResult((), _added(name, verified), told=tuple(told))
        decision = transaction.add_partitions(current, asked, 2 if request.from_broker else 1, now)
        error = decision.response
        if error == ErrorCode.PRODUCER_FENCED:
            error = transaction.fenced(request.says_fenced)
        told = self._told("AddPartitionsToTxn", name, error, asked.producer_epoch, current)
        return self._result(decision, _added(name, tuple((one, error) for one in asked.partitions)), told)

    def _end(self, request: EndTxnRequest, now: Millis) -> ShardResult:
        if self.config.transaction_version < 2:
            request = replace(request, bumps_epoch=False)
        name = request.transactional_id
        current, fresh_id = self.transactions.get(name), NO_PRODUCER_ID
        if transaction.ending_needs_producer_id(current, request):
            fresh_id = self._take_producer_id()
            if fresh_id == NO_PRODUCER_ID:
                return CoordinatorResult((), EndTxnResponse(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
        decision = transaction.end_transaction(current, request, fresh_id, now)
        told = self._told("EndTxn", name, decision.response.error, request.producer_epoch, current)
        return self._result(decision, decision.response, told)

    # --- what nobody asks for ---

    def wake(self, wake: Wake, now: Millis) -> ShardResult:
        """Time to look for what has been open, or idle, for too long; or all markers of a transaction are written."""
        match wake.name:
            case "timeouts":
                return self._of_all([transaction.time_out(one, now) for one in self.transactions.values()])
            case "expiry":
                limit = self.config.transactional_id_expiration_ms
                return self._of_all([transaction.expire(one, limit, now) for one in self.transactions.values()])
            case "markers-written":
                if not self.is_completing(wake.key, wake.guards):
                    return NOTHING
                return self._of_all([transaction.markers_written(self.transactions[wake.key], now)])
        raise AssertionError(f"unknown wake {wake}")

    def is_completing(self, name: str, epoch: int) -> bool:
        """Is this decision still being carried out?"""
        current = self.transactions.get(name)
        return current is not None and current.is_completing and current.producer_epoch == epoch

    def _of_all(self, decisions: list[Decision[None]]) -> ShardResult:
        records = tuple(record for decision in decisions for record in decision.records)
        return self._result(CoordinatorResult(records, None), None, []) if records else NOTHING

    # --- results ---

    def _result(self, decision: Decision[object], response: Response | None, told: list[facts.Fact]) -> ShardResult:
        """A decision as the host of coordinators takes it."""
        changed = [_changed(record, self.transactions) for record in decision.records]
        orders = [
            self._order(record.value)
            for record in decision.records
            if record.value is not None and record.value.is_completing
        ]
        packed = tuple(KeyedRecord(*transaction_state.encode(record)) for record in decision.records)
        return CoordinatorResult(packed, response, told=(*told, *changed), orders=tuple(orders))

    def _order(self, decided: Transaction) -> MarkersOrder:
        return MarkersOrder(decided, self.partition, self.leader_epoch)

    def _told(
        self, request: str, name: str, error: ErrorCode, epoch: int, current: Transaction | None
    ) -> list[facts.Fact]:
        if error == ErrorCode.NONE or error.retriable:
            return []
        return [facts.TransactionRefused(name, request, error, epoch, current.producer_epoch if current else -1)]


def _added(name: str, results: tuple[tuple[TopicPartition, ErrorCode], ...]) -> AddPartitionsToTxnResponse:
    return AddPartitionsToTxnResponse(results=tuple((name, partition, error) for partition, error in results))


def _changed(record: TransactionRecord, known: dict[str, Transaction]) -> facts.Fact:
    name, new = record
    if new is None:
        old = known[name]
        dead = TransactionState.DEAD.value
        return facts.TransactionChanged(name, dead, old.producer_id, old.producer_epoch, ())
    return facts.TransactionChanged(name, new.state.value, new.producer_id, new.producer_epoch, new.partitions)


# --- looking at transactions ---


def describe(name: str, known: Transaction | None) -> DescribedTransaction:
    """How one transactional id stands (`handleDescribeTransactions`)."""
    if known is None:
        return DescribedTransaction(name, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND)
    return DescribedTransaction(
        name, ErrorCode.NONE, known.state.value, known.producer_id, known.producer_epoch, known.timeout_ms,
        known.start_ms, known.partitions,
    )  # fmt: skip


def list_transactions(
    known: tuple[Transaction, ...], request: ListTransactionsRequest, now: Millis
) -> ListTransactionsResponse:
    """Those that pass all filters (`TransactionStateManager.listTransactionStates`)."""
    names = {state.value for state in TransactionState}
    unknown = tuple(state for state in request.states if state not in names)
    listed = tuple(
        (one.transactional_id, one.producer_id, one.state.value)
        for one in known
        if (not request.states or one.state.value in request.states)
        and (not request.producer_ids or one.producer_id in request.producer_ids)
        and (request.longer_than_ms < 0 or now - one.start_ms > request.longer_than_ms)
    )
    return ListTransactionsResponse(ErrorCode.NONE, unknown, listed)
