"""Settings: one frozen dataclass for each role, read from Kafka's dotted names.

`linger.ms` in a dict becomes the field `linger_ms`; defaults are those of Apache Kafka 4.4's own documentation (the
Java client's, where clients differ). A name that nobody knows is refused together with the nearest one that exists:
a setting that is silently ignored is a lost record waiting for its day.

How they are read is in `settings.py`.

What we leave out: every Kafka setting without a field here. `docs/fidelity.md` lists what that means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minikafka.settings import ConfigError as ConfigError
from minikafka.settings import dotted as dotted
from minikafka.settings import one_of
from minikafka.settings import overridden as overridden
from minikafka.settings import read_settings as read_settings
from minikafka.settings import unknown_name as unknown_name
from minikafka.types import Millis

MAX_INT = 2_147_483_647
MAX_LONG = 9_223_372_036_854_775_807


@dataclass(frozen=True, slots=True)
class TopicConfig:
    """Settings of one topic; what a topic does not set comes from `ServerConfig`."""

    min_insync_replicas: int = 1
    """With fewer in-sync replicas acks=all is refused and the high watermark stands still."""
    unclean_leader_election_enable: bool = False
    """May a replica outside ISR and ELR lead? Records may be lost."""
    max_message_bytes: int = 1_048_588
    """Largest batch in bytes."""
    segment_bytes: int = 1_073_741_824
    """The active segment is closed when the next batch would make it larger. Kafka's minimum is 1 MiB; ours is 61, so
    that a lesson can roll a segment with a few records."""
    segment_ms: Millis = 604_800_000
    """... or when its first record is older than this."""
    retention_ms: Millis = 604_800_000
    """Whole segments go, by their largest timestamp; -1 keeps them for ever."""
    retention_bytes: int = -1
    cleanup_policy: str = "delete"
    """`delete`, `compact`, `compact,delete`, or empty (4.2+): keep everything."""
    delete_retention_ms: Millis = 86_400_000
    """How long tombstones and transaction markers survive their first clean pass."""
    min_compaction_lag_ms: Millis = 0
    max_compaction_lag_ms: Millis = MAX_LONG
    min_cleanable_dirty_ratio: float = 0.5
    file_delete_delay_ms: Millis = 60_000
    index_interval_bytes: int = 4_096
    segment_index_bytes: int = 10_485_760
    """... or when an index has grown to this."""
    message_timestamp_type: str = "CreateTime"
    """Or `LogAppendTime`: the leader's clock, and the batch is checksummed anew."""
    message_timestamp_before_max_ms: Millis = MAX_LONG
    message_timestamp_after_max_ms: Millis = 3_600_000
    """A record from further in the future is refused INVALID_TIMESTAMP."""
    compression_type: str = "producer"


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Settings of brokers and controllers (Kafka: server.properties)."""

    broker_heartbeat_interval_ms: Millis = 2_000
    broker_session_timeout_ms: Millis = 9_000
    """A broker that is silent for so long is fenced."""
    replica_lag_time_max_ms: Millis = 30_000
    """A follower that has not caught up for so long leaves the ISR; looked at every half of it."""
    replica_fetch_wait_max_ms: Millis = 500
    replica_fetch_min_bytes: int = 1
    replica_fetch_max_bytes: int = 1_048_576
    replica_fetch_backoff_ms: Millis = 1_000
    """Pause of a follower after an error."""
    replica_high_watermark_checkpoint_interval_ms: Millis = 5_000
    request_timeout_ms: Millis = 30_000
    """How long a broker waits for an answer of the controller or a leader."""
    min_insync_replicas: int = 1
    unclean_leader_election_enable: bool = False
    default_replication_factor: int = 1
    num_partitions: int = 1
    auto_create_topics_enable: bool = True
    """Only behind TCP; in the simulation topics are made by hand."""
    message_max_bytes: int = 1_048_588
    eligible_leader_replicas_enable: bool = True
    """Kafka's feature level `eligible.leader.replicas.version` (KIP-966), on for new clusters since 4.1."""
    unclean_leader_election_interval_ms: Millis = 300_000
    broker_rack: str = ""
    """Where this broker is (KIP-392, and replica placement)."""
    replica_selector_class: str = ""
    """Empty: consumers read from leaders. `RackAwareReplicaSelector`: from a replica in their own rack (KIP-392)."""
    controlled_shutdown_enable: bool = True
    auto_leader_rebalance_enable: bool = True
    leader_imbalance_check_interval_seconds: int = 300

    # --- logs ---
    log_segment_bytes: int = 1_073_741_824
    log_roll_ms: Millis = 604_800_000
    log_retention_ms: Millis = 604_800_000
    log_retention_bytes: int = -1
    log_retention_check_interval_ms: Millis = 300_000
    log_segment_delete_delay_ms: Millis = 60_000
    log_cleanup_policy: str = "delete"
    log_cleaner_backoff_ms: Millis = 15_000
    log_cleaner_delete_retention_ms: Millis = 86_400_000
    log_cleaner_min_compaction_lag_ms: Millis = 0
    log_cleaner_max_compaction_lag_ms: Millis = MAX_LONG
    log_cleaner_min_cleanable_ratio: float = 0.5
    log_index_interval_bytes: int = 4_096
    log_index_size_max_bytes: int = 10_485_760
    log_message_timestamp_type: str = "CreateTime"
    log_message_timestamp_before_max_ms: Millis = MAX_LONG
    log_message_timestamp_after_max_ms: Millis = 3_600_000
    log_flush_offset_checkpoint_interval_ms: Millis = 60_000
    producer_id_expiration_ms: Millis = 86_400_000
    producer_id_expiration_check_interval_ms: Millis = 600_000

    # --- the quorum ---
    controller_quorum_election_timeout_ms: Millis = 1_000
    """A voter waits between this and twice this before it stands."""
    controller_quorum_fetch_timeout_ms: Millis = 2_000
    """A follower without a good fetch for so long looks for votes; a leader resigns after one and a half times this."""
    controller_quorum_election_backoff_max_ms: Millis = 1_000
    controller_quorum_request_timeout_ms: Millis = 2_000
    controller_quorum_retry_backoff_ms: Millis = 20
    metadata_log_max_record_bytes_between_snapshots: int = 20_971_520
    metadata_log_max_snapshot_interval_ms: Millis = 3_600_000

    # --- groups ---
    offsets_topic_num_partitions: int = 50
    """Made of one partition in most scenarios, so that there is one to look at."""
    offsets_topic_replication_factor: int = 3
    offsets_topic_segment_bytes: int = 104_857_600
    offsets_retention_minutes: int = 10_080
    offsets_retention_check_interval_ms: Millis = 600_000
    offset_metadata_max_bytes: int = 4_096
    offsets_commit_timeout_ms: Millis = 5_000
    group_initial_rebalance_delay_ms: Millis = 3_000
    group_min_session_timeout_ms: Millis = 6_000
    group_max_session_timeout_ms: Millis = 1_800_000
    group_max_size: int = MAX_INT
    group_consumer_session_timeout_ms: Millis = 45_000
    group_consumer_heartbeat_interval_ms: Millis = 5_000
    group_consumer_assignors: str = "uniform,range"
    group_consumer_max_size: int = MAX_INT
    group_consumer_assignment_interval_ms: Millis = 1_000
    group_consumer_migration_policy: str = "bidirectional"

    # --- transactions ---
    transaction_version: int = 2
    """Kafka's feature level `transaction.version`: 2 is KIP-890; 1, the protocol before it, is there to be broken."""
    transaction_state_log_num_partitions: int = 50
    transaction_state_log_replication_factor: int = 3
    transaction_state_log_min_isr: int = 2
    transaction_state_log_segment_bytes: int = 104_857_600
    transaction_max_timeout_ms: Millis = 900_000
    transactional_id_expiration_ms: Millis = 604_800_000
    transaction_abort_timed_out_transaction_cleanup_interval_ms: Millis = 10_000
    transaction_remove_expired_transaction_cleanup_interval_ms: Millis = 3_600_000
    transaction_partition_verification_enable: bool = True
    """A leader asks the coordinator whether the transaction is open (KIP-890 part 1). Off, transactions can hang."""
    add_partitions_to_txn_retry_backoff_ms: Millis = 20
    """A leader that adds a partition asks a busy coordinator again after this ..."""
    add_partitions_to_txn_retry_backoff_max_ms: Millis = 100
    """... until so much time has passed."""

    def __post_init__(self) -> None:
        if self.broker_session_timeout_ms <= self.broker_heartbeat_interval_ms:
            raise ConfigError(
                f"broker.session.timeout.ms is {self.broker_session_timeout_ms}, but must be longer than "
                f"broker.heartbeat.interval.ms ({self.broker_heartbeat_interval_ms}), else every broker is fenced."
            )

    def topic(self, overrides: Mapping[str, str]) -> TopicConfig:
        """The settings of a topic: its own over those of the cluster."""
        inherited = TopicConfig(
            min_insync_replicas=self.min_insync_replicas,
            unclean_leader_election_enable=self.unclean_leader_election_enable,
            max_message_bytes=self.message_max_bytes,
            segment_bytes=self.log_segment_bytes,
            segment_ms=self.log_roll_ms,
            retention_ms=self.log_retention_ms,
            retention_bytes=self.log_retention_bytes,
            cleanup_policy=self.log_cleanup_policy,
            delete_retention_ms=self.log_cleaner_delete_retention_ms,
            min_compaction_lag_ms=self.log_cleaner_min_compaction_lag_ms,
            max_compaction_lag_ms=self.log_cleaner_max_compaction_lag_ms,
            min_cleanable_dirty_ratio=self.log_cleaner_min_cleanable_ratio,
            file_delete_delay_ms=self.log_segment_delete_delay_ms,
            index_interval_bytes=self.log_index_interval_bytes,
            segment_index_bytes=self.log_index_size_max_bytes,
            message_timestamp_type=self.log_message_timestamp_type,
            message_timestamp_before_max_ms=self.log_message_timestamp_before_max_ms,
            message_timestamp_after_max_ms=self.log_message_timestamp_after_max_ms,
        )
        return overridden(inherited, overrides, "topic") if overrides else inherited


def check_quorum_size(controllers: int) -> None:
    """Raises `ConfigError` for a number of voters that makes no sense."""
    if controllers not in (1, 3, 5):
        raise ConfigError(
            f"controllers={controllers}, but a quorum has 1, 3 or 5 voters: an even one survives no more "
            f"failures than one voter less. Use {min(controllers + 1, 5) if controllers > 0 else 1}."
        )


@dataclass(frozen=True, slots=True)
class ProducerConfig:
    """Settings of a producer."""

    bootstrap_servers: Any = ""
    """Here a `Cluster`; behind TCP a list of HOST:PORT."""
    client_id: str = ""
    acks: str = "all"
    enable_idempotence: bool | None = None
    """Kafka's default is true, and unless it is set, acks other than all or retries=0 switch it off without a word."""
    transactional_id: str = ""
    """Implies idempotence. One for each instance of an application: a second user fences the first."""
    transaction_timeout_ms: Millis = 60_000
    """The coordinator aborts a transaction that is open for longer."""
    linger_ms: Millis = 5
    batch_size: int = 16_384
    """Upper target for each partition's batch; 0: one record, one batch."""
    buffer_memory: int = 33_554_432
    """What has been handed over and not reported yet takes no more than this."""
    max_block_ms: Millis = 60_000
    """How long `produce` waits for room in buffer.memory, a record for its topic, and a transaction's call for its
    coordinator. 0: BufferError at once, as librdkafka does it."""
    max_request_size: int = 1_048_576
    request_timeout_ms: Millis = 30_000
    delivery_timeout_ms: Millis = 120_000
    """From `produce` to the report. Raised to linger.ms + request.timeout.ms where it was left alone."""
    retries: int = MAX_INT
    """Bound by delivery.timeout.ms; leave it."""
    retry_backoff_ms: Millis = 100
    retry_backoff_max_ms: Millis = 1_000
    max_in_flight_requests_per_connection: int = 5
    metadata_max_age_ms: Millis = 300_000
    compression_type: str = "none"
    partitioner: str = "murmur2_random"
    """librdkafka's name; its own default is `consistent_random` (CRC-32), murmur2 is the Java client's."""
    partitioner_ignore_keys: bool = False
    partitioner_adaptive_partitioning_enable: bool = True
    """Records without a key prefer partitions with little to send (KIP-794)."""

    def __post_init__(self) -> None:
        _check_producer(self)
        least_ms = self.linger_ms + self.request_timeout_ms
        if self.delivery_timeout_ms < least_ms:
            if self.delivery_timeout_ms != 120_000:
                raise ConfigError(
                    f"delivery.timeout.ms is {self.delivery_timeout_ms}, but must be at least linger.ms + "
                    f"request.timeout.ms ({least_ms})."
                )
            object.__setattr__(self, "delivery_timeout_ms", least_ms)

    @property
    def required_acks(self) -> int:
        """acks as the number on the wire: `all` is -1."""
        return -1 if self.acks in {"all", "-1"} else int(self.acks)

    @property
    def is_idempotent(self) -> bool:
        """Are batches numbered, so that a retry is stored once?"""
        if self.enable_idempotence is not None:
            return self.enable_idempotence
        return self.required_acks == -1 and self.retries > 0


PARTITIONERS = ("murmur2_random", "murmur2", "consistent_random", "consistent")


def _check_producer(config: ProducerConfig) -> None:
    if config.acks not in {"0", "1", "-1", "all"}:
        raise ConfigError(f"acks is {config.acks!r}, but must be 0, 1 or all.")
    if config.compression_type != "none":
        raise ConfigError(f"compression.type is {config.compression_type!r}; in the simulation only none works.")
    if config.partitioner not in PARTITIONERS:
        raise ConfigError(f"partitioner is {config.partitioner!r}, but must be one of {', '.join(PARTITIONERS)}.")
    if config.transactional_id and not config.is_idempotent:
        raise ConfigError(
            "transactional.id needs the idempotent producer: acks=all, retries, and enable.idempotence not false."
        )
    if config.is_idempotent:
        _check_idempotent(config)


def _check_idempotent(config: ProducerConfig) -> None:
    most = config.max_in_flight_requests_per_connection
    if config.required_acks != -1:
        raise ConfigError(f"acks is {config.acks}, but enable.idempotence=true needs acks=all.")
    if config.retries == 0:
        raise ConfigError("retries is 0, but enable.idempotence=true needs retries.")
    if most > 5:
        raise ConfigError(
            f"max.in.flight.requests.per.connection is {most}, but may be 5 at most for an idempotent producer: "
            "a partition's leader remembers five batches."
        )
    if config.transaction_timeout_ms <= 0:
        raise ConfigError(f"transaction.timeout.ms is {config.transaction_timeout_ms}, but must be above 0.")


@dataclass(frozen=True, slots=True)
class ConsumerConfig:
    """Settings of a consumer."""

    bootstrap_servers: Any = ""
    client_id: str = ""
    client_rack: str = ""
    """Where this consumer is: fetch from a replica there, if brokers have a `replica.selector.class` (KIP-392)."""
    group_id: str = ""
    """Needed for `subscribe` and for commits."""
    group_instance_id: str = ""
    """Makes a static member (KIP-345): it may be away for a session without a rebalance."""
    group_protocol: str = "classic"
    """`consumer` is KIP-848."""
    group_remote_assignor: str = ""
    """KIP-848 only; empty: the coordinator's first, uniform."""
    partition_assignment_strategy: str = "range,cooperative-sticky"
    """Classic only. Range is listed and eager, so the default is eager."""
    session_timeout_ms: Millis = 45_000
    heartbeat_interval_ms: Millis = 3_000
    max_poll_interval_ms: Millis = 300_000
    """Also the rebalance timeout."""
    max_poll_records: int = 500
    enable_auto_commit: bool = True
    auto_commit_interval_ms: Millis = 5_000
    enable_auto_offset_store: bool = True
    """librdkafka's: false, and commits take what `store_offsets` was given."""
    enable_partition_eof: bool = False
    """librdkafka's: true, and poll says when a partition is read to its end."""
    auto_offset_reset: str = "latest"
    isolation_level: str = "read_uncommitted"
    allow_auto_create_topics: bool = True
    exclude_internal_topics: bool = True
    check_crcs: bool = True
    """Accepted; the simulated network does not corrupt."""
    fetch_min_bytes: int = 1
    fetch_max_wait_ms: Millis = 500
    fetch_max_bytes: int = 52_428_800
    max_partition_fetch_bytes: int = 1_048_576
    request_timeout_ms: Millis = 30_000
    default_api_timeout_ms: Millis = 60_000
    retry_backoff_ms: Millis = 100
    metadata_max_age_ms: Millis = 300_000

    def __post_init__(self) -> None:
        one_of("isolation.level", self.isolation_level, ("read_uncommitted", "read_committed"))
        one_of("group.protocol", self.group_protocol, ("classic", "consumer"))
        policy = self.auto_offset_reset
        if not _RESET_BY_DURATION.fullmatch(policy):
            one_of("auto.offset.reset", policy, ("earliest", "latest", "none", "by_duration:PnDTnHnMnS"))
        for name in self.assignors:
            one_of("partition.assignment.strategy", name, ("range", "roundrobin", "sticky", "cooperative-sticky"))
        if self.heartbeat_interval_ms >= self.session_timeout_ms:
            raise ConfigError(
                f"heartbeat.interval.ms is {self.heartbeat_interval_ms}, but must be shorter than session.timeout.ms "
                f"({self.session_timeout_ms}), else the member is expelled between two heartbeats."
            )
        if self.max_poll_records < 1:
            raise ConfigError(f"max.poll.records is {self.max_poll_records}, but must be at least 1.")
        if self.group_protocol == "consumer":
            self._refuse_what_only_classic_members_have()

    def _refuse_what_only_classic_members_have(self) -> None:
        ours = (self.session_timeout_ms, self.heartbeat_interval_ms, self.partition_assignment_strategy)
        usual = (45_000, 3_000, "range,cooperative-sticky")
        names = ("session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy")
        for name, value, default in zip(names, ours, usual, strict=True):
            if value != default:
                raise ConfigError(f"{name} cannot be set with group.protocol=consumer: there the broker decides it.")

    @property
    def assignors(self) -> tuple[str, ...]:
        """Names of the listed assignors; Java's class names are understood."""
        listed = [name.strip().rpartition(".")[2] for name in self.partition_assignment_strategy.split(",")]
        return tuple(_ASSIGNOR_CLASSES.get(name, name) for name in listed)

    @property
    def instance_id(self) -> str | None:
        """group.instance.id as the protocol has it: None for a dynamic member."""
        return self.group_instance_id or None


_RESET_BY_DURATION = re.compile(r"by_duration:P(?=.)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,3})?S)?)?")
_ASSIGNOR_CLASSES = {
    "RangeAssignor": "range",
    "RoundRobinAssignor": "roundrobin",
    "StickyAssignor": "sticky",
    "CooperativeStickyAssignor": "cooperative-sticky",
}


@dataclass(frozen=True, slots=True)
class AdminConfig:
    """Settings of an admin client."""

    bootstrap_servers: Any = ""
    client_id: str = ""
    request_timeout_ms: Millis = 30_000
    retry_backoff_ms: Millis = 100
