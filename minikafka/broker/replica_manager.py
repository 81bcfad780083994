"""All replicas of one broker: it appends, reads, parks what must wait, and follows what others lead.

```
 Produce ─▶ append ─▶ acks=all? park until the high watermark passes ─▶ answer
 Fetch   ─▶ epochs agree? logs agree? ─▶ note the follower's position ─▶ read ─▶ nothing new? park ─▶ answer
```

Mirrors `ReplicaManager`. One batch appended: `appending.py`; one partition read: `reading.py`.
What we leave out: fetch sessions, quotas, log directories.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from minikafka.broker import closest_replica, reading, replica_fetcher, replica_files
from minikafka.broker.appending import Appender
from minikafka.broker.delete_records import DeleteRecords
from minikafka.broker.log_manager import LogManager
from minikafka.broker.partition import Partition
from minikafka.broker.purgatory import ParkedFetch, ParkedProduce, Purgatory
from minikafka.broker.reading import Reader
from minikafka.broker.replica_fetcher import ReplicaFetcher
from minikafka.config import ServerConfig, TopicConfig
from minikafka.disk import Disk
from minikafka.effects import Effect, Observe, Send
from minikafka.metadata import settings
from minikafka.metadata.image import MetadataImage
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import (
    Envelope,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    ProducePartitionResult,
    ProduceRequest,
    ProduceResponse,
)
from minikafka.protocol.records import RecordBatch
from minikafka.types import NO_LEADER, NO_OFFSET, BrokerId, Epoch, Millis, Offset, TopicPartition

NOBODY_REFUSED: Mapping[TopicPartition, ErrorCode] = MappingProxyType({})


class ReplicaManager:
    """The replicas that this broker holds."""

    def __init__(
        self,
        broker_id: BrokerId,
        config: ServerConfig,
        disk: Disk,
        image: MetadataImage,
        next_correlation_id: Callable[[], int],
    ) -> None:
        self.broker_id = broker_id
        self.config = config
        self.disk = disk
        self.logs = LogManager(config, disk)
        self.image = image
        self.partitions: dict[TopicPartition, Partition] = {}
        self.fetchers: dict[BrokerId, ReplicaFetcher] = {}
        self.purgatory = Purgatory()
        self.proposing: dict[TopicPartition, Partition] = {}
        """Partitions whose leader, here, wants another ISR and has not been asked for it yet."""
        self.broker_epoch: Epoch = -1
        self.appender = Appender(self.partitions, image)
        self.reader = Reader(
            broker_id, self.partitions, image, config.replica_selector_class.endswith(closest_replica.RACK_AWARE)
        )
        self.deletions = DeleteRecords(self.partitions, image)
        self._next_correlation_id = next_correlation_id
        self._applied: Offset = NO_OFFSET
        """Up to where the image that was applied last had replayed the metadata log."""
        self._swept = False
        """Has this process looked for files of replicas that are not its own any more?"""

    # --- what the metadata log says ---

    def apply_image(self, now: Millis) -> list[Effect]:
        """Bring all local replicas to what the image says, then look again at everything that waits."""
        if self.image.next_offset == self._applied:
            return self.fetch(now)
        self._applied = self.image.next_offset
        effects = self._drop_what_is_gone(now)
        in_force = settings.server_settings(self.image, self.config, self.broker_id)
        configs: dict[str, TopicConfig] = {}
        touched = []
        for name, registration in self.image.partitions():
            if self.broker_id not in registration.replicas:
                continue
            if name.topic not in configs:
                configs[name.topic] = in_force.topic(self.image.topics[name.topic].configs)
            config = configs[name.topic]
            partition = self._local(name, config, registration.partition_epoch > 0, effects)
            before = (partition.leader_epoch, partition.partition_epoch)
            effects += [Observe(fact) for fact in partition.apply(registration, config, now)]
            if before != (partition.leader_epoch, partition.partition_epoch):
                touched.append(name)
                self._assign_fetcher(partition)
                if partition.is_leader:
                    effects += self.propose(partition, partition.propose_recovered())
        for name in touched:
            effects += self.recheck(name, now)
        if self.deletions.parked:
            effects += self.deletions.recheck()
        return effects + self.logs.watch_compacted() + self.fetch(now)

    def _drop_what_is_gone(self, now: Millis) -> list[Effect]:
        """Replicas of deleted topics, and those that a reassignment has taken away from this broker."""
        effects: list[Effect] = []
        held = list(self.partitions)
        if not self._swept:
            self._swept = True
            held += [name for name in replica_files.found_on(self.disk) if name not in self.partitions]
        for name in held:
            registration, partition = self.image.partition(name), self.partitions.get(name)
            topic_id = self.image.topics[name.topic].topic_id if registration is not None else ""
            is_ours = registration is not None and self.broker_id in registration.replicas
            if is_ours and (partition is None or partition.topic_id == topic_id):
                continue
            if partition is not None:
                effects += self._step_down(partition, now)
            self.logs.remove(name)
            effects.append(Observe(facts.ReplicaDeleted(name)))
        return effects

    def _step_down(self, partition: Partition, now: Millis) -> list[Effect]:
        """Whoever waits for this partition hears that it is not led here, then it is forgotten."""
        name = partition.name
        partition.step_down()
        for fetcher in self.fetchers.values():
            fetcher.leave(name)
        self.proposing.pop(name, None)
        effects = self.recheck(name, now)
        del self.partitions[name]
        return effects

    def _local(self, name: TopicPartition, config: TopicConfig, is_old: bool, effects: list[Effect]) -> Partition:
        partition = self.partitions.get(name)
        if partition is None:
            topic_id = self.image.topics[name.topic].topic_id
            if replica_files.claim(self.disk, name, topic_id):
                self.logs.forget(name)
            log = self.logs.open(name, config)
            partition = Partition(name, self.broker_id, log, self.image.brokers, self.config.replica_lag_time_max_ms)
            partition.topic_id = topic_id
            self.partitions[name] = partition
            # Of a partition with a past, nothing is news too: everything may have gone with the power.
            if log.log_end_offset or is_old:
                effects.append(
                    Observe(facts.LogRecovered(name, log.log_start_offset, log.log_end_offset, log.high_watermark))
                )
            effects += [Observe(fact) for fact in log.take_news()]
        return partition

    def _assign_fetcher(self, partition: Partition) -> None:
        for leader, fetcher in self.fetchers.items():
            if not replica_fetcher.follows(partition, leader):
                fetcher.leave(partition.name)
        if partition.leader in (NO_LEADER, self.broker_id) or not replica_fetcher.follows(partition, partition.leader):
            return
        if partition.leader not in self.fetchers:
            self.fetchers[partition.leader] = ReplicaFetcher(
                self.broker_id, partition.leader, self.config, self._next_correlation_id
            )
        self.fetchers[partition.leader].follow(partition)

    def fetch(self, now: Millis) -> list[Effect]:
        """Start the loop of every fetcher that stands still."""
        return [effect for fetcher in self.fetchers.values() for effect in fetcher.fetch(self.broker_epoch, now)]

    # --- producers ---

    def produce(
        self,
        envelope: Envelope,
        request: ProduceRequest,
        now: Millis,
        refused: Mapping[TopicPartition, ErrorCode] = NOBODY_REFUSED,
    ) -> list[Effect]:
        """Append each batch that is not `refused` already; answer now, or when the in-sync replicas have it."""
        if request.acks not in (-1, 0, 1):
            return _refuse_all(envelope, request, ErrorCode.INVALID_REQUIRED_ACKS)
        results: dict[TopicPartition, ProducePartitionResult] = {}
        waiting: dict[TopicPartition, Offset] = {}
        effects: list[Effect] = []
        for asked in request.partitions:
            if asked.partition in refused:
                results[asked.partition] = ProducePartitionResult(asked.partition, refused[asked.partition])
                continue
            result, last_offset, told = self.appender.append(asked, request, now)
            results[asked.partition] = result
            if last_offset != NO_OFFSET:
                waiting[asked.partition] = last_offset
            effects += [Observe(fact) for fact in told]
        parked = ParkedProduce(envelope, request, now, results, dict(waiting), waiting, now + request.timeout_ms)
        effects += self.appender.settle(parked, now)
        if parked.waiting:
            self.purgatory.produces.append(parked)
            effects += [
                Observe(facts.ProduceParked(name, envelope.source, last + 1, envelope.correlation_id))
                for name, last in parked.waiting.items()
            ]
        for name, result in results.items():
            if result.base_offset != NO_OFFSET:
                effects += self._appended(name, now)
        return effects

    def append_for_coordinator(
        self, name: TopicPartition, batch: RecordBatch, now: Millis
    ) -> tuple[ErrorCode, list[Effect]]:
        """Append a coordinator's own batch as acks=all does; whoever asked for it watches the high watermark itself."""
        error, told = self.appender.append_internal(name, batch, now)
        effects: list[Effect] = [Observe(fact) for fact in told]
        return error, effects + (self._appended(name, now) if error == ErrorCode.NONE else [])

    def _appended(self, name: TopicPartition, now: Millis) -> list[Effect]:
        """There is something new for followers; for readers and producers only if the high watermark moved at once."""
        alone = not self.partitions[name].followers
        return self.recheck(name, now) if alone else self._recheck_fetches(name, now, of_followers=True)

    # --- readers ---

    def fetch_request(self, envelope: Envelope, request: FetchRequest, now: Millis) -> list[Effect]:
        """Serve a follower or a consumer; park the fetch if there is nothing to say yet."""
        effects: list[Effect] = []
        results: list[FetchPartitionResult] = []
        for result, told in self.reader.read_all(request, envelope.source, now, first_time=True):
            effects += [Observe(fact) for fact in told]
            results.append(result)
            if request.replica_id >= 0 and result.error == ErrorCode.NONE and result.diverging_epoch < 0:
                moved_mark = any(type(fact) is facts.HighWatermarkMoved for fact in told)
                effects += self._follower_moved(result.partition, request.replica_id, moved_mark, now)
                if self.deletions.parked:
                    effects += self.deletions.recheck()
        if request.max_wait_ms <= 0 or reading.has_news(request, results):
            effects.append(Send(envelope.reply(FetchResponse(tuple(results)))))
        else:
            names = frozenset(asked.partition for asked in request.partitions)
            self.purgatory.fetches.append(ParkedFetch(envelope, request, names, now + request.max_wait_ms))
        return effects

    def _follower_moved(self, name: TopicPartition, follower: BrokerId, moved_mark: bool, now: Millis) -> list[Effect]:
        """After a follower's fetch: the high watermark may have passed what waits, and it may join the ISR."""
        partition = self.partitions[name]
        effects: list[Effect] = []
        if moved_mark:
            effects += self._recheck_produces(name, now) + self._recheck_fetches(name, now, of_followers=False)
        return effects + self.propose(partition, partition.propose_expansion(follower))

    # --- the ISR ---

    def propose(self, partition: Partition, told: list[facts.Fact]) -> list[Effect]:
        """Hand a partition's new proposal, if there is one, to whoever talks to the controller."""
        if told:
            self.proposing[partition.name] = partition
        return [Observe(fact) for fact in told]

    def check_isr(self, now: Millis) -> list[Effect]:
        """Every half of replica.lag.time.max.ms: who has fallen behind?"""
        effects: list[Effect] = []
        for partition in self.partitions.values():
            if partition.is_leader:
                effects += self.propose(partition, partition.propose_shrink(now))
        return effects

    # --- what waits ---

    def recheck(self, name: TopicPartition, now: Millis) -> list[Effect]:
        """This partition has changed hands or moved: answer whoever can be answered now."""
        effects = self._recheck_produces(name, now)
        effects += self._recheck_fetches(name, now, of_followers=True)
        return effects + self._recheck_fetches(name, now, of_followers=False)

    def _recheck_produces(self, name: TopicPartition, now: Millis) -> list[Effect]:
        waiting = self.purgatory.produces_for(name)
        effects = [effect for parked in waiting for effect in self.appender.settle(parked, now)]
        if effects:
            self.purgatory.drop_settled()
        return effects

    def _recheck_fetches(self, name: TopicPartition, now: Millis, of_followers: bool) -> list[Effect]:
        """An append is news for followers, a moved high watermark for everybody else."""
        waiting = self.purgatory.fetches_for(name, of_followers)
        effects = [effect for parked in waiting for effect in self._settle_fetch(parked, now)]
        if effects:
            self.purgatory.drop_settled()
        return effects

    def followed(self, effects: list[Effect], now: Millis) -> list[Effect]:
        """A follower has learnt of a higher high watermark: consumers that read here may go on (KIP-392)."""
        if not self.purgatory.fetches:
            return []
        told = [effect.fact for effect in effects if isinstance(effect, Observe)]
        moved = [fact.partition for fact in told if isinstance(fact, facts.HighWatermarkMoved)]
        return [effect for name in moved for effect in self._recheck_fetches(name, now, of_followers=False)]

    def expire(self, now: Millis) -> list[Effect]:
        """Answer whoever has waited long enough."""
        effects: list[Effect] = []
        produces, fetches = self.purgatory.due(now)
        for produce in produces:
            effects += self.appender.settle(produce, now)
        for fetch in fetches:
            effects += self._settle_fetch(fetch, now)
        self.purgatory.drop_settled()
        return effects

    def _settle_fetch(self, parked: ParkedFetch, now: Millis) -> list[Effect]:
        told: list[facts.Fact] = []
        results: list[FetchPartitionResult] = []
        for result, said in self.reader.read_all(parked.request, parked.envelope.source, now, first_time=False):
            results.append(result)
            told += said
        if parked.due_ms > now and not reading.has_news(parked.request, results):
            return []
        parked.settled = True
        return [
            *(Observe(fact) for fact in told),
            Send(parked.envelope.reply(FetchResponse(tuple(results)))),
        ]


def _refuse_all(envelope: Envelope, request: ProduceRequest, error: ErrorCode) -> list[Effect]:
    refused = tuple(ProducePartitionResult(asked.partition, error) for asked in request.partitions)
    return [Send(envelope.reply(ProduceResponse(refused)))]
