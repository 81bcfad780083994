"""The producer: collect records into batches, send them to leaders, retry what can be retried.

```
 produce ─▶ partition by key ─▶ open batch ─(linger.ms, batch.size, flush)─▶ ProduceRequest ─▶ leader
                                    ▲                                              │
                                    └── retriable error: back in its place ◀───────┘
```

The node is the switchboard: `accumulator.py` holds records, `sender.py` has requests under way,
`transaction_manager.py` knows numbers and transactions, `transaction_requests.py` asks coordinators. After everything
that happens, one loop does all that can be done and sets one timer for what becomes due next.

* Idempotence is on unless settings exclude it: a retry is stored once, in its place (KIP-98).
* Every record ends in exactly one report: stored, or failed with an error.

Mirrors `KafkaProducer`. What we leave out: Kafka's `send` waits for the metadata of a new topic, ours takes the record
and lets it wait, as librdkafka does; `max.block.ms` bounds that wait too. Interceptors, metrics.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from minikafka.client import partitioner
from minikafka.client.accumulator import DeliveryReport, PendingRecord, RecordAccumulator
from minikafka.client.cluster_metadata import ClusterMetadata
from minikafka.client.connections import Connections
from minikafka.client.partitioner import StickyPartitions
from minikafka.client.sender import Sender
from minikafka.client.transaction_manager import GroupMetadata, State, TransactionManager
from minikafka.client.transaction_requests import TransactionRequests
from minikafka.config import ProducerConfig
from minikafka.effects import Effect, Observe, Send, SetTimer, Timer
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import OffsetToCommit
from minikafka.protocol.messages import Envelope, MetadataResponse, ProduceResponse, Response
from minikafka.types import Millis, NodeId, TopicPartition

WAKE = "producer-wake"


class ProducerNode:
    """One producer."""

    def __init__(self, node: NodeId, config: ProducerConfig, bootstrap: tuple[NodeId, ...]) -> None:
        self.id = node
        self.config = config
        self.metadata = ClusterMetadata(bootstrap)
        self.accumulator = RecordAccumulator(config)
        self.transactions = TransactionManager(config) if config.is_idempotent else None
        connections = self._connections = Connections(node)
        self.sender = Sender(config, self.accumulator, self.metadata, connections, self.transactions)
        self._requests = (
            TransactionRequests(self.transactions, self.metadata, connections) if self.transactions else None
        )
        self._sticky = StickyPartitions(config.batch_size, config.partitioner_adaptive_partitioning_enable)
        self._metadata_asked: tuple[int, NodeId, Millis] | None = None
        """(correlation id, broker, due) of the metadata request under way."""
        self._metadata_not_before_ms: Millis = 0
        self._metadata_wanted = False
        self._metadata_taken_ms: Millis = 0
        self._wake_due_ms: Millis | None = None

    # --- the application's calls ---

    def produce(self, record: PendingRecord, now: Millis) -> list[Effect]:
        """Take a record; it is sent when its batch is full or has lingered."""
        self.accumulator.take(record, now)
        if self.transactions is not None and not self.transactions.may_produce():
            batch = self.accumulator.finish_unplaced(ErrorCode.INVALID_TXN_STATE)
            return [Observe(facts.ProduceFailed(batch.partition, ErrorCode.INVALID_TXN_STATE, batch.values))]
        self.metadata.topics.add(record.topic)
        return self._advance(now)

    def learn_about(self, topic: str, now: Millis) -> list[Effect]:
        """Ask who leads a topic, without sending anything."""
        self.metadata.topics.add(topic)
        self._metadata_wanted = True
        return self._advance(now)

    def flush(self, now: Millis) -> list[Effect]:
        """Send everything now instead of lingering."""
        self.accumulator.close_all()
        return self._advance(now)

    def purge(self, in_queue: bool, in_flight: bool, now: Millis) -> list[Effect]:
        """Report what waits, and what is under way, as taken back. What is under way may be stored all the same."""
        effects = self.sender.take_back(in_queue, in_flight)
        while in_queue and self.accumulator.unplaced:
            self.accumulator.finish_unplaced(ErrorCode.OPERATION_NOT_ATTEMPTED, "queue")
        return effects + self._advance(now)

    def init_transactions(self, now: Millis) -> list[Effect]:
        """Fence whoever used the transactional id before, and finish what it left open."""
        return self._told(self._manager.init_transactions()) + self._advance(now)

    def begin_transaction(self, now: Millis) -> list[Effect]:
        """From here to the end records belong together."""
        return self._told(self._manager.begin()) + self._advance(now)

    def send_offsets(
        self, offsets: Mapping[TopicPartition, OffsetToCommit], group: GroupMetadata, now: Millis
    ) -> list[Effect]:
        """Commit what was read together with what is written."""
        return self._told(self._manager.send_offsets(offsets, group)) + self._advance(now)

    def end_transaction(self, commit: bool, now: Millis) -> list[Effect]:
        """Commit or abort; the outcome will be in `transactions.call`."""
        told = self._told(self._manager.end(commit))
        self.accumulator.close_all()
        return told + self._advance(now)

    @property
    def _manager(self) -> TransactionManager:
        assert self.transactions is not None, "only a numbered producer has transactions"
        return self.transactions

    @property
    def reports(self) -> list[DeliveryReport]:
        """Finished records, for the application to collect."""
        return self.accumulator.reports

    @property
    def overtaken_until_ms(self) -> Millis:
        """When the last batch that was overtaken by the one behind it is given up; 0 if there is none."""
        entries = self.transactions.sequences.entries.values() if self.transactions else ()
        overtaken = [batch.created_ms for entry in entries for batch in entry.overtaken]
        return max(overtaken) + self.config.delivery_timeout_ms if overtaken else 0

    @property
    def outstanding(self) -> int:
        """Records without a report yet."""
        return self.accumulator.outstanding

    # --- the four calls of a node ---

    def start(self, now: Millis) -> list[Effect]:
        """Nothing to do before the first record."""
        return []

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """An answer to one of our requests; late ones are ignored."""
        effects: list[Effect] = []
        number = envelope.correlation_id
        match envelope.message:
            case ProduceResponse() as response:
                effects = self.sender.answered(number, response, now)
            case MetadataResponse() as news:
                if self._metadata_asked is not None and self._metadata_asked[0] == number:
                    effects = self._metadata_arrived(news, now)
            case Response() as other:
                if self._requests is not None:
                    effects = self._requests.answered(number, other, now)
        return effects + self._advance(now)

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """Whatever was under way to `peer` has an unknown outcome: try again."""
        effects = self.sender.connection_lost(peer, now)
        if self._requests is not None:
            self._requests.connection_lost(peer, now)
        if self._metadata_asked is not None and self._metadata_asked[1] == peer:
            self._metadata_failed(now)
        return effects + self._advance(now)

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """Something is due: a batch has lingered, a pause is over, time is up."""
        if timer.guards != self._wake_due_ms:
            return []
        self._wake_due_ms = None
        return self._give_up_the_late(now) + self._advance(now)

    # --- the one loop ---

    def _advance(self, now: Millis) -> list[Effect]:
        """Do everything that can be done now, and set the timer for the next thing that becomes due."""
        self._place(now)
        effects = self._go_on_with_transactions(now)
        effects += self.sender.send_ready(now)
        if self._wants_metadata(now):
            effects += self._ask_metadata(now)
        due = self._next_due_ms(now)
        if due is not None and (self._wake_due_ms is None or due < self._wake_due_ms):
            self._wake_due_ms = due
            effects.append(SetTimer(Timer(WAKE, due), max(due - now, 1)))
        return effects

    def _go_on_with_transactions(self, now: Millis) -> list[Effect]:
        manager = self.transactions
        if manager is None or self._requests is None:
            return []
        effects = self._told(manager.settle(self.outstanding > 0))
        if manager.state == State.FATAL_ERROR:
            return effects + self._drop_everything(manager.last_error)
        if manager.drops_new_batches:
            effects += self._drop_new_batches(manager.last_error)
            effects += self._told(manager.settle(self.outstanding > 0))
        return effects + self._requests.ask(self.outstanding > 0, now)

    def _drop_everything(self, error: ErrorCode) -> list[Effect]:
        while self.accumulator.unplaced:
            self.accumulator.finish_unplaced(error)
        return self.sender.stop(error)

    def _drop_new_batches(self, error: ErrorCode) -> list[Effect]:
        """A lost transaction needs no more batches; those with a number must end first, they may be in the log."""
        purged = "" if error != ErrorCode.NONE else "queue"
        error = error if error != ErrorCode.NONE else ErrorCode.OPERATION_NOT_ATTEMPTED
        while self.accumulator.unplaced:
            self.accumulator.finish_unplaced(error, purged)
        batches = self.accumulator.take_out(numbered=False)
        for batch in batches:
            self.accumulator.finish(batch, error, purged=purged)
        return [Observe(facts.ProduceFailed(batch.partition, error, batch.values)) for batch in batches]

    def _next_due_ms(self, now: Millis) -> Millis | None:
        dues = [*self.sender.due_times(now), *self.accumulator.due_times(now)]
        if self._requests is not None:
            dues += self._requests.due_times(now)
        if self._metadata_asked is not None:
            dues.append(self._metadata_asked[2])
        elif self._metadata_wanted and self._metadata_not_before_ms > now:
            dues.append(self._metadata_not_before_ms)
        return max(min(dues), now + 1) if dues else None

    def _give_up_the_late(self, now: Millis) -> list[Effect]:
        effects = self.sender.give_up_the_late(now)
        if self._requests is not None:
            self._requests.give_up_the_late(now)
        unplaced = self.accumulator.unplaced
        while unplaced and now - unplaced[0].handed_ms >= self.config.max_block_ms:
            error = self.metadata.errors.get(unplaced[0].topic) or ErrorCode.REQUEST_TIMED_OUT
            batch = self.accumulator.finish_unplaced(error)
            effects.append(Observe(facts.ProduceFailed(batch.partition, error, batch.values)))
        if self._metadata_asked is not None and self._metadata_asked[2] <= now:
            self._connections.give_up(self._metadata_asked[1])
            self._metadata_failed(now)
        return effects

    @staticmethod
    def _told(told: list[facts.Fact]) -> list[Effect]:
        return [Observe(fact) for fact in told]

    # --- records into batches ---

    def _place(self, now: Millis) -> None:
        unplaced = self.accumulator.unplaced
        waiting: deque[PendingRecord] = deque()
        while unplaced:
            record = unplaced.popleft()
            count = self.metadata.partitions_of.get(record.topic, 0)
            if count == 0:
                waiting.append(record)
                self._metadata_wanted = True
                continue
            self._into_batch(record, count, now)
        unplaced.extend(waiting)

    def _into_batch(self, record: PendingRecord, count: int, now: Millis) -> None:
        number = self._keyed(record, count)
        is_sticky = number is None
        if number is None:
            number = self._choose_sticky(record.topic, count)
        partition = TopicPartition(record.topic, number)
        full = self.accumulator.add(partition, record, now)
        if is_sticky:
            self._sticky.given(record.topic, number, record.size, full)
        if self.transactions is not None:
            self.transactions.joins(partition)

    def _keyed(self, record: PendingRecord, count: int) -> int | None:
        """The partition that the application or the key decides; None: any."""
        how = self.config.partitioner
        if record.partition is not None:
            return record.partition
        key = record.key
        if key is None and not how.endswith("_random"):
            key = b""  # librdkafka's `murmur2` and `consistent` hash a missing key like an empty one
        if key is None or self.config.partitioner_ignore_keys:
            return None
        if how.startswith("consistent"):
            return partitioner.crc32_partition(key, count)
        return partitioner.partition_for_key(key, count)

    def _choose_sticky(self, topic: str, count: int) -> int:
        names = [TopicPartition(topic, number) for number in range(count)]
        led = [name for name in names if self.metadata.leader_of(name) is not None] or names
        loads = [len(self.accumulator.queues.get(name, ())) for name in led]
        return self._sticky.choose(topic, [name.partition for name in led], loads)

    # --- metadata ---

    def _wants_metadata(self, now: Millis) -> bool:
        is_old = self.outstanding > 0 and now - self._metadata_taken_ms >= self.config.metadata_max_age_ms
        needs_protocol = self._requests is not None and not self._requests.knows_protocol
        starting = needs_protocol and self._manager.state == State.INITIALIZING
        self._metadata_wanted = self._metadata_wanted or self.sender.wants_metadata or is_old or starting
        self.sender.wants_metadata = False
        return self._metadata_wanted

    def _ask_metadata(self, now: Millis) -> list[Effect]:
        if self._metadata_asked is not None or now < self._metadata_not_before_ms:
            return []
        number, broker = self._connections.next_number(), self.metadata.whom_to_ask()
        self._metadata_asked = (number, broker, now + self.config.request_timeout_ms)
        request = self.metadata.request(allow_auto_topic_creation=True)
        return [Send(Envelope(self.id, broker, request, number, "metadata"))]

    def _metadata_arrived(self, news: MetadataResponse, now: Millis) -> list[Effect]:
        self._metadata_asked = None
        self._metadata_wanted = False
        self._metadata_taken_ms = now
        self._metadata_not_before_ms = now + self.config.retry_backoff_ms
        if self.transactions is not None:
            self.transactions.version = news.transaction_version
        if any(topic.error != ErrorCode.NONE for topic in news.topics):
            self.metadata.ask_another()
        return self._told(self.metadata.update(news))

    def _metadata_failed(self, now: Millis) -> None:
        self._metadata_asked = None
        self._metadata_wanted = True
        self._metadata_not_before_ms = now + self.config.retry_backoff_ms
        self.metadata.ask_another()
