"""Batches become requests, answers become reports: what is under way, and what is tried again.

```
 queues ─▶ one batch of each partition, by leader ─▶ ProduceRequest ─▶ stored: report
              ▲                                          │
              └── put back: retriable error ◀────────────┤
                                                         └▶ anything else, or too late: report
```

* At most max.in.flight.requests.per.connection requests are under way to a broker.
* Told *stored* means what `acks` says, and nothing more. After a timeout the outcome is unknown: the records may be
  there.
* Without idempotence a retry can store a record twice, and with several requests in flight out of order. With it,
  `sequences.py` says whose turn it is.
* MESSAGE_TOO_LARGE for several records cuts the batch in pieces, which costs no attempt.

Mirrors `Sender`. What we leave out: jitter in the back-off. Kafka's Java client gives a request up itself after
request.timeout.ms; we wait a little longer for the broker's own REQUEST_TIMED_OUT, as librdkafka does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from minikafka.client.accumulator import Batch, RecordAccumulator
from minikafka.client.cluster_metadata import ClusterMetadata
from minikafka.client.connections import Connections
from minikafka.client.transaction_manager import TransactionManager
from minikafka.config import ProducerConfig
from minikafka.effects import Effect, Observe
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import ProducePartition, ProducePartitionResult, ProduceRequest, ProduceResponse
from minikafka.types import NO_OFFSET, BrokerId, Epoch, Millis, NodeId, Offset, TopicPartition, broker_node

SOCKET_TIMEOUT_MS: Millis = 60_000
"""librdkafka's socket.timeout.ms: when a broker that answers nothing at all is given up."""


@dataclass(slots=True)
class InFlight:
    """A request that has been sent."""

    broker: BrokerId
    batches: list[Batch]
    due_ms: Millis
    epochs: dict[TopicPartition, Epoch]


def backoff_ms(attempts: int, first_ms: Millis, most_ms: Millis) -> Millis:
    """How long to wait after so many attempts: twice as long each time."""
    return min(first_ms << min(attempts - 1, 20), most_ms)


def may_retry(error: ErrorCode, attempts: int, retries: int, age_ms: Millis, delivery_timeout_ms: Millis) -> bool:
    """Is there time and allowance for another attempt, and any sense in it?"""
    return error.retriable and attempts <= retries and age_ms < delivery_timeout_ms


def is_certainly_not_stored(error: ErrorCode) -> bool:
    """Does the error itself say that the log does not have the batch, now or later?"""
    return not error.retriable


class Sender:
    """What one producer has under way."""

    def __init__(
        self,
        config: ProducerConfig,
        accumulator: RecordAccumulator,
        metadata: ClusterMetadata,
        connections: Connections,
        transactions: TransactionManager | None,
    ) -> None:
        self.config = config
        self.accumulator = accumulator
        self.metadata = metadata
        self.connections = connections
        self.transactions = transactions
        self.wants_metadata = False
        """A leader is not known, or no longer believed in."""
        self._in_flight: dict[int, InFlight] = {}

    # --- batches into requests ---

    def send_ready(self, now: Millis) -> list[Effect]:
        """Send everything that may go out now."""
        effects: list[Effect] = []
        while ready := self._ready_by_leader(now):
            for broker, batches in sorted(ready.items()):
                effects += self._send(broker, batches, now)
        return effects

    def _ready_by_leader(self, now: Millis) -> dict[BrokerId, list[Batch]]:
        """The first ready batch of each partition, by leader; partitions without a known leader make us ask."""
        ready: dict[BrokerId, list[Batch]] = {}
        for partition, queue in self.accumulator.queues.items():
            if not queue or not self.accumulator.is_ready(queue, now):
                continue
            leader = self.metadata.leader_of(partition)
            if leader is None:
                self.wants_metadata = True
            elif self._may_send(queue[0], leader) and self._fits(queue[0], ready.get(leader, [])):
                ready.setdefault(leader, []).append(queue[0])
        for batches in ready.values():
            for batch in batches:
                self._take_off(batch, self.accumulator.queues[batch.partition])
        return ready

    def _may_send(self, batch: Batch, leader: BrokerId) -> bool:
        most = self.config.max_in_flight_requests_per_connection
        if self._flying_to(leader) >= most:
            return False
        if most == 1 and any(batch.partition == other.partition for other in self._on_wire()):
            return False  # under way to the leader of before: one at a time means one at a time
        return self.transactions is None or self.transactions.may_send(batch)

    def _fits(self, batch: Batch, others: list[Batch]) -> bool:
        return not others or sum(other.size for other in others) + batch.size <= self.config.max_request_size

    def _take_off(self, batch: Batch, queue: deque[Batch]) -> None:
        queue.popleft()
        batch.closed = True
        batch.on_wire = True
        batch.attempts += 1
        if self.transactions is not None:
            self.transactions.sequences.number(batch)

    def _flying_to(self, broker: BrokerId) -> int:
        return sum(sent.broker == broker for sent in self._in_flight.values())

    def _on_wire(self) -> Iterator[Batch]:
        for sent in self._in_flight.values():
            yield from sent.batches

    def _send(self, broker: BrokerId, batches: list[Batch], now: Millis) -> list[Effect]:
        acks, transactional_id = self.config.required_acks, self.config.transactional_id
        effects: list[Effect] = [
            Observe(facts.ProduceSent(batch.partition, broker, acks, batch.values, batch.attempts)) for batch in batches
        ]
        request = ProduceRequest(
            acks,
            self.config.request_timeout_ms,
            tuple(ProducePartition(batch.partition, batch.pack(bool(transactional_id))) for batch in batches),
            transactional_id or None,
            self.transactions is None or self.transactions.transaction.version >= 2,
        )
        number, send = self.connections.request(broker_node(broker), request)
        effects.append(send)
        epochs = {batch.partition: self.metadata.epoch_of(batch.partition) for batch in batches}
        if acks == 0:
            for batch in batches:
                effects += self._stored(batch, NO_OFFSET, broker, epochs[batch.partition])
        else:
            self._in_flight[number] = InFlight(broker, batches, now + SOCKET_TIMEOUT_MS, epochs)
        return effects

    # --- answers ---

    def answered(self, number: int, response: ProduceResponse, now: Millis) -> list[Effect]:
        """What became of the batches of a request; answers to requests that were given up are ignored."""
        sent = self._in_flight.pop(number, None)
        effects: list[Effect] = []
        if sent is None:
            return effects
        by_partition = {batch.partition: batch for batch in sent.batches}
        for result in response.partitions:
            batch = by_partition[result.partition]
            batch.on_wire = False
            effects += self._learn_from(result)
            if not batch.reported:
                effects += self._outcome(batch, result, sent, now)
        return effects

    def _outcome(self, batch: Batch, result: ProducePartitionResult, sent: InFlight, now: Millis) -> list[Effect]:
        if result.error in (ErrorCode.NONE, ErrorCode.DUPLICATE_SEQUENCE_NUMBER):
            return self._stored(batch, result.base_offset, sent.broker, sent.epochs[batch.partition])
        if result.error == ErrorCode.MESSAGE_TOO_LARGE and len(batch.records) > 1:
            return self._split(batch)
        return self._failed([batch], result.error, now)

    def _learn_from(self, result: ProducePartitionResult) -> list[Effect]:
        """KIP-951: a broker that does not lead says who does."""
        if result.error == ErrorCode.NONE or result.current_leader_epoch < 0:
            return []
        news = self.metadata.learn(result.partition, result.current_leader, result.current_leader_epoch)
        return [Observe(fact) for fact in news]

    def _stored(self, batch: Batch, base_offset: Offset, broker: BrokerId, epoch: Epoch) -> list[Effect]:
        batch.on_wire = False
        self.accumulator.finish(batch, ErrorCode.NONE, base_offset)
        if self.transactions is not None:
            self.transactions.sequences.acknowledged(batch)
        acks = self.config.required_acks
        return [Observe(facts.ProduceAcknowledged(batch.partition, base_offset, acks, batch.values, broker, epoch))]

    def _split(self, batch: Batch) -> list[Effect]:
        pieces = self.accumulator.split(batch)
        if self.transactions is not None:
            self.transactions.sequences.split(batch, pieces)
        return [Observe(facts.ProduceRetried(batch.partition, ErrorCode.MESSAGE_TOO_LARGE, batch.values, 0))]

    def _failed(self, batches: list[Batch], error: ErrorCode, now: Millis) -> list[Effect]:
        """Put the batches back into their queues, or report the error if there is no point."""
        effects: list[Effect] = []
        if error.refreshes_metadata:
            self.wants_metadata = True
        for batch in batches:
            if not self._may_retry(batch, error, now):
                effects += self.give_up(batch, error)
                continue
            pause_ms = backoff_ms(batch.attempts, self.config.retry_backoff_ms, self.config.retry_backoff_max_ms)
            batch.not_before_ms = now + pause_ms
            self.accumulator.put_back(batch)
            effects.append(Observe(facts.ProduceRetried(batch.partition, error, batch.values, pause_ms)))
        return effects

    def _may_retry(self, batch: Batch, error: ErrorCode, now: Millis) -> bool:
        config, age_ms = self.config, now - batch.created_ms
        if self.transactions is None:
            return may_retry(error, batch.attempts, config.retries, age_ms, config.delivery_timeout_ms)
        if batch.attempts > config.retries or age_ms >= config.delivery_timeout_ms:
            return False
        return self.transactions.sequences.retry_after(error, batch)

    def give_up(self, batch: Batch, error: ErrorCode, purged: str = "") -> list[Effect]:
        """Report a batch as failed."""
        told: list[facts.Fact] = [facts.ProduceFailed(batch.partition, error, batch.values)]
        if self.transactions is not None and not purged:
            certain = is_certainly_not_stored(error) and batch.base_sequence >= 0
            told += self.transactions.batch_failed(batch, error, certain)
        elif self.transactions is not None:
            self.transactions.sequences.given_up(batch)
        self.accumulator.finish(batch, error, purged=purged)
        return [Observe(fact) for fact in told]

    # --- what never ends by itself ---

    def connection_lost(self, peer: NodeId, now: Millis) -> list[Effect]:
        """Whatever was under way to `peer` has an unknown outcome: try again."""
        effects: list[Effect] = []
        for number, sent in list(self._in_flight.items()):
            if broker_node(sent.broker) == peer:
                effects += self._lost(number, now)
        return effects

    def give_up_the_late(self, now: Millis) -> list[Effect]:
        """Requests without an answer for too long; batches whose time for delivery is over."""
        effects: list[Effect] = []
        for number, sent in list(self._in_flight.items()):
            if sent.due_ms <= now:
                self.connections.give_up(broker_node(sent.broker))
                effects += self._lost(number, now)
        late = [batch for batch in self._on_wire() if not batch.reported and self._is_late(batch, now)]
        for batch in late + self.accumulator.expired(now):
            effects += self.give_up(batch, ErrorCode.REQUEST_TIMED_OUT)
        return effects

    def _is_late(self, batch: Batch, now: Millis) -> bool:
        return now - batch.created_ms >= self.config.delivery_timeout_ms

    def _lost(self, number: int, now: Millis) -> list[Effect]:
        sent = self._in_flight.pop(number)
        for batch in sent.batches:
            batch.on_wire = False
        return self._failed([batch for batch in sent.batches if not batch.reported], ErrorCode.NETWORK_EXCEPTION, now)

    def stop(self, error: ErrorCode) -> list[Effect]:
        """Nothing can be sent any more: everything that is held or under way has failed."""
        flying = [batch for batch in self._on_wire() if not batch.reported]
        batches = flying + self.accumulator.take_out(numbered=True)
        return [effect for batch in batches for effect in self.give_up(batch, error)]

    def take_back(self, in_queue: bool, in_flight: bool) -> list[Effect]:
        """The application wants no outcome for what waits, or for what is under way."""
        effects: list[Effect] = []
        flying = [batch for batch in self._on_wire() if not batch.reported]
        for batch in flying if in_flight else []:
            effects += self.give_up(batch, ErrorCode.OPERATION_NOT_ATTEMPTED, "in flight")
        for batch in self.accumulator.take_out(numbered=True) if in_queue else []:
            effects += self.give_up(batch, ErrorCode.OPERATION_NOT_ATTEMPTED, "queue")
        return effects

    def due_times(self, now: Millis) -> Iterator[Millis]:
        """When something here is late."""
        for sent in self._in_flight.values():
            yield sent.due_ms
            for batch in sent.batches:
                if not batch.reported:
                    yield batch.created_ms + self.config.delivery_timeout_ms
