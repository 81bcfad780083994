"""The transaction coordinator of one broker: which requests it takes, and what it does when a decision is committed.

```
 FindCoordinator ─▶ leader of __transaction_state-17: InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn
 committed Prepare record ─▶ MarkerSender        every 10 s ─▶ who has been open for too long?
```

* A producer without a transactional id is given its id by any broker.

Mirrors `TransactionCoordinator` and its requests in `KafkaApis`. What we leave out: authorization.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from minikafka.broker import internal_topics
from minikafka.broker.coordinator_host import CoordinatorHost
from minikafka.broker.producer_ids import ProducerIds
from minikafka.broker.replica_manager import ReplicaManager
from minikafka.broker.transaction_markers import MarkerSender
from minikafka.config import ServerConfig
from minikafka.coordinator.result import Wake
from minikafka.coordinator.transaction_shard import EXPIRY, TIMEOUTS, MarkersOrder, TransactionShard
from minikafka.effects import Effect, Observe, Send, SetTimer, Timer
from minikafka.metadata.image import MetadataImage
from minikafka.protocol import facts
from minikafka.protocol import transaction_messages as txn
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, Request, Response
from minikafka.types import (
    CONSUMER_OFFSETS_TOPIC,
    NO_PRODUCER_ID,
    TRANSACTION_STATE_TOPIC,
    Epoch,
    Millis,
    NodeId,
    TopicPartition,
)

CHECK_TIMEOUTS, CHECK_EXPIRY = "transactions/check-timeouts", "transactions/check-expiry"


class TransactionCoordination:
    """How requests are split, joined and refused; see `coordinator_host.Coordination`."""

    name = "transactions"
    topic = TRANSACTION_STATE_TOPIC

    def __init__(self, config: ServerConfig, image: MetadataImage, ids: ProducerIds) -> None:
        self.config = config
        self.image = image
        self.ids = ids

    def make(self, partition: TopicPartition, leader_epoch: Epoch) -> TransactionShard:
        """A fresh shard that knows nothing."""
        return TransactionShard(partition, leader_epoch, self.config, self.ids.take)

    def split(self, request: Request) -> tuple[tuple[str, Request], ...]:
        """One part for each transactional id."""
        match request:
            case txn.InitProducerIdRequest():
                return ((request.transactional_id or "", request),)
            case txn.EndTxnRequest():
                return ((request.transactional_id, request),)
            case txn.AddPartitionsToTxnRequest():
                parts = request.transactions
                return tuple((one.transactional_id, replace(request, transactions=(one,))) for one in parts)
            case txn.AddOffsetsToTxnRequest():
                return ((request.transactional_id, self._as_partition(request)),)
            case txn.DescribeTransactionsRequest():
                return tuple((name, txn.DescribeTransactionsRequest((name,))) for name in request.transactional_ids)
        raise AssertionError(f"no transaction coordinator answers {type(request).__name__}")

    def _as_partition(self, request: txn.AddOffsetsToTxnRequest) -> Request:
        """The offsets of a group take part through the partition that keeps them."""
        offsets = internal_topics.partition_for(CONSUMER_OFFSETS_TOPIC, request.group, self.image, self.config)
        one = txn.TransactionToAdd(request.transactional_id, request.producer_id, request.producer_epoch, (offsets,))
        return txn.AddPartitionsToTxnRequest((one,), says_fenced=request.says_fenced)

    def join(self, request: Request, answers: tuple[Response, ...]) -> Response:
        """The answer to a request, from the answers to its parts."""
        match request:
            case txn.AddPartitionsToTxnRequest():
                added = [one for one in answers if isinstance(one, txn.AddPartitionsToTxnResponse)]
                return txn.AddPartitionsToTxnResponse(results=tuple(line for one in added for line in one.results))
            case txn.AddOffsetsToTxnRequest():
                (answer,) = answers
                assert isinstance(answer, txn.AddPartitionsToTxnResponse)
                return txn.AddOffsetsToTxnResponse(answer.results[0][2])
            case txn.DescribeTransactionsRequest():
                found = [one for one in answers if isinstance(one, txn.DescribeTransactionsResponse)]
                return txn.DescribeTransactionsResponse(tuple(line for one in found for line in one.transactions))
            case txn.ListTransactionsRequest():
                return _joined_list(request, [one for one in answers if isinstance(one, txn.ListTransactionsResponse)])
        (answer,) = answers
        return answer

    def refuse(self, request: Request, error: ErrorCode) -> Response:
        """The answer to a part that no shard takes."""
        match request:
            case txn.InitProducerIdRequest():
                return txn.InitProducerIdResponse(error)
            case txn.EndTxnRequest():
                return txn.EndTxnResponse(error)
            case txn.AddPartitionsToTxnRequest():
                return txn.AddPartitionsToTxnResponse(
                    results=tuple(
                        (one.transactional_id, partition, error)
                        for one in request.transactions
                        for partition in one.partitions
                    )
                )
            case txn.DescribeTransactionsRequest():
                names = request.transactional_ids
                return txn.DescribeTransactionsResponse(tuple(txn.DescribedTransaction(name, error) for name in names))
            case txn.ListTransactionsRequest():
                return txn.ListTransactionsResponse(error)
        raise AssertionError(f"no transaction coordinator refuses {type(request).__name__}")


def _joined_list(
    request: txn.ListTransactionsRequest, parts: list[txn.ListTransactionsResponse]
) -> txn.ListTransactionsResponse:
    names = {"Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort", "Dead",
             "PrepareEpochFence"}  # fmt: skip
    unknown = tuple(state for state in request.states if state not in names)
    found = tuple(line for one in parts for line in one.transactions)
    return txn.ListTransactionsResponse(ErrorCode.NONE, unknown, found)


class TransactionCoordinator:
    """All that one broker does as a coordinator of transactions."""

    def __init__(self, config: ServerConfig, replicas: ReplicaManager, next_correlation_id: Callable[[], int]) -> None:
        self.config = config
        self.image = replicas.image
        self.ids = ProducerIds(replicas.broker_id)
        self.host = CoordinatorHost(TransactionCoordination(config, replicas.image, self.ids), replicas)
        self.markers = MarkerSender(replicas.broker_id, config, replicas.image, self.host, next_correlation_id)
        self._checking = False

    def serve(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """A request of a producer, a partition leader or an admin."""
        request = envelope.message
        match request:
            case txn.InitProducerIdRequest(transactional_id=None):
                return self._grant(envelope)
            case txn.InitProducerIdRequest(transactional_id=""):
                return [Send(envelope.reply(txn.InitProducerIdResponse(ErrorCode.INVALID_REQUEST)))]
            case txn.AddPartitionsToTxnRequest() if not request.from_broker and self._unknown(request):
                return [Send(envelope.reply(self._refuse_unknown(request)))]
            case txn.ListTransactionsRequest():
                return self.host.serve_everywhere(envelope, now)
        return self.host.serve(envelope, now)

    def _grant(self, envelope: Envelope) -> list[Effect]:
        """An idempotent producer needs an id of its own, and nothing else."""
        fresh = self.ids.take()
        if fresh == NO_PRODUCER_ID:
            return [Send(envelope.reply(txn.InitProducerIdResponse(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)))]
        answer = txn.InitProducerIdResponse(ErrorCode.NONE, fresh, 0)
        return [Observe(facts.ProducerIdGranted("", fresh, 0)), Send(envelope.reply(answer))]

    def _unknown(self, request: txn.AddPartitionsToTxnRequest) -> bool:
        return any(self.image.partition(name) is None for one in request.transactions for name in one.partitions)

    def _refuse_unknown(self, request: txn.AddPartitionsToTxnRequest) -> txn.AddPartitionsToTxnResponse:
        """All or none: with one unknown partition the others are not attempted."""
        results = [
            (
                one.transactional_id,
                name,
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                if self.image.partition(name) is None
                else ErrorCode.OPERATION_NOT_ATTEMPTED,
            )
            for one in request.transactions
            for name in one.partitions
        ]
        return txn.AddPartitionsToTxnResponse(results=tuple(results))

    # --- after every event ---

    @property
    def needs_settling(self) -> bool:
        """Can there be anything for `settle` to do? Not where no transactional id is coordinated, or was just now."""
        return bool(self.host.led or self.host.orders or self.markers.unmarked)

    def settle(self, now: Millis) -> list[Effect]:
        """Answer what is committed, and carry out what is decided."""
        effects = self.host.settle(now)
        orders, self.host.orders = self.host.orders, []
        for order in orders:
            assert isinstance(order, MarkersOrder)
            self.markers.begin(order)
        if self.markers.unmarked:
            effects += self.markers.send(now)
        if self.host.led and not self._checking:
            self._checking = True
            effects += [self._again(CHECK_TIMEOUTS), self._again(CHECK_EXPIRY)]
        return effects

    def connection_lost(self, peer: NodeId) -> list[Effect]:
        """Nobody waits there any more; markers that were asked of it are asked again."""
        self.host.connection_lost(peer)
        return self.markers.connection_lost(peer)

    def _again(self, check: str) -> Effect:
        timeouts = self.config.transaction_abort_timed_out_transaction_cleanup_interval_ms
        expiry = self.config.transaction_remove_expired_transaction_cleanup_interval_ms
        return SetTimer(Timer(check), timeouts if check == CHECK_TIMEOUTS else expiry)

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """A timer of this broker's coordinator: a periodic check, or one of its shards'."""
        if timer.name not in (CHECK_TIMEOUTS, CHECK_EXPIRY):
            return self.host.fire(timer, now)
        wake = Wake(0, TIMEOUTS if timer.name == CHECK_TIMEOUTS else EXPIRY)
        effects = [self._again(timer.name)]
        for name, led in list(self.host.led.items()):
            effects += self.host.prompt(name, led.leader_epoch, wake, now)
        return effects
