"""A partition at the broker that leads it: append, learn from fetches, move the high watermark.

```
 broker 1 (leader)    [a][b][c]        log end 3
 broker 2  asked for 3  ───────▶ so it holds 0, 1, 2
 broker 3  asked for 2  ───────▶ so it holds 0, 1        high watermark = min(3, 3, 2) = 2
```

* Followers pull. What a follower holds, the leader knows from the offset of its *next* fetch, never from what it sent.
* The high watermark is the smallest log end among the leader, the ISR, and whoever is about to join it.
* It never falls while this leader leads, and stands still while the ISR is smaller than min.insync.replicas (KIP-966).
* Leader, epoch and ISR are what this broker has *replayed*. It may be behind the controller, and acts in good faith.

Mirrors `kafka.cluster.Partition`. What we leave out: log directories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from minikafka.broker import acks, isr
from minikafka.config import TopicConfig
from minikafka.log.partition_log import PartitionLog
from minikafka.metadata.image import BrokerRegistration, PartitionRegistration
from minikafka.protocol import facts
from minikafka.protocol.records import RecordBatch
from minikafka.types import NO_EPOCH, NO_LEADER, NO_OFFSET, BrokerId, Epoch, Millis, Offset, TopicPartition

NEVER: Millis = -(1 << 62)
"""Before all time."""


class FollowerView(NamedTuple):
    """What decides whether a follower holds the high watermark back."""

    broker: BrokerId
    log_end_offset: Offset
    """-1: has not fetched from this leader yet."""
    in_isr: bool
    joining: bool
    """Being added, or caught up and may join."""


def advance_high_watermark(
    current: Offset, leader_end: Offset, followers: tuple[FollowerView, ...], effective_min_isr: int
) -> Offset:
    """The smallest log end of all that count, never below `current`; `current` while too few are in sync.

    `Partition.maybeIncrementLeaderHW`; the ISR that counts is the maximal one (KIP-497).
    """
    in_sync = [follower for follower in followers if follower.in_isr]
    if 1 + len(in_sync) < effective_min_isr:
        return current
    ends = [follower.log_end_offset for follower in followers if follower.in_isr or follower.joining]
    return max(current, min([leader_end, *ends]))


def fetch_window(
    log_start: Offset,
    high_watermark: Offset,
    log_end: Offset,
    fetch_offset: Offset,
    replica_id: BrokerId,
    replicas: tuple[BrokerId, ...],
) -> tuple[int, Offset]:
    """(error code, offset up to which this reader may read): replicas to the end, everybody else to the watermark."""
    if replica_id >= 0 and replica_id not in replicas:
        return 6, NO_OFFSET
    if not log_start <= fetch_offset <= log_end:
        return 1, NO_OFFSET
    return 0, max(fetch_offset, log_end if replica_id >= 0 else high_watermark)


class Role(Enum):
    """What this broker believes it is for a partition."""

    NONE = "none"
    LEADER = "leader"
    FOLLOWER = "follower"


@dataclass(slots=True)
class FollowerState:
    """What the leader believes about one follower. Changed only by `Partition.record_follower_fetch`."""

    last_caught_up_ms: Millis
    """When it last lacked nothing."""
    log_end_offset: Offset = NO_OFFSET
    """Next offset it will fetch, so it holds everything below. -1: has not fetched in this epoch."""
    last_fetch_ms: Millis = 0
    leader_end_at_last_fetch: Offset = 0
    broker_epoch: Epoch = NO_EPOCH
    log_start_offset: Offset = 0
    """Where its log begins, by its last fetch."""


@dataclass(frozen=True, slots=True)
class IsrProposal:
    """An ISR the leader has asked the controller for."""

    isr: frozenset[BrokerId]
    leader_epoch: Epoch
    partition_epoch: Epoch


class Partition:
    """One replica on this broker, with the leader's knowledge while it leads."""

    def __init__(
        self,
        name: TopicPartition,
        broker_id: BrokerId,
        log: PartitionLog,
        brokers: Mapping[BrokerId, BrokerRegistration],
        lag_time_max_ms: Millis,
    ) -> None:
        """`brokers` is the metadata image's own table: what this broker has read of the others."""
        self.name = name
        self.broker_id = broker_id
        self.log = log
        self.brokers = brokers
        self.lag_time_max_ms = lag_time_max_ms
        self.topic_id = ""
        self.config = TopicConfig()
        self.role = Role.NONE
        self.leader: BrokerId = NO_LEADER
        self.leader_epoch: Epoch = NO_EPOCH
        self.partition_epoch: Epoch = NO_EPOCH
        self.epoch_start_offset: Offset = 0
        self.replicas: tuple[BrokerId, ...] = ()
        self.isr: frozenset[BrokerId] = frozenset()
        self.recovering = False
        self.proposal: IsrProposal | None = None
        self.followers: dict[BrokerId, FollowerState] = {}

    @property
    def is_leader(self) -> bool:
        """Does this broker believe that it leads?"""
        return self.role is Role.LEADER

    @property
    def effective_min_isr(self) -> int:
        """The smaller of min.insync.replicas and the number of replicas."""
        return min(self.config.min_insync_replicas, len(self.replicas))

    # --- what the metadata log says ---

    def apply(self, registration: PartitionRegistration, config: TopicConfig, now: Millis) -> list[facts.Fact]:
        """Take the newest state from the metadata log; older ones are ignored (promise I17)."""
        self.config = config
        self.log.configure(config)
        if registration.partition_epoch <= self.partition_epoch:
            return []
        self.partition_epoch = registration.partition_epoch
        self.replicas = registration.replicas
        self.recovering = registration.recovering
        self.proposal = None
        if registration.leader == self.broker_id:
            return self._lead(registration, now)
        return self._follow(registration)

    def _lead(self, registration: PartitionRegistration, now: Millis) -> list[facts.Fact]:
        if self.is_leader and registration.leader_epoch == self.leader_epoch:
            self._keep_followers(NEVER)
            return self._adopt(registration.isr) + self.advance(now)
        self._enter_epoch(registration, Role.LEADER)
        self.epoch_start_offset = self.log.log_end_offset
        # KIP-101: the epoch's start is noted before anything is appended in it.
        self.log.epochs.assign(self.leader_epoch, self.epoch_start_offset)
        self.followers = {
            broker: FollowerState(now if broker in self.isr else NEVER)
            for broker in self.replicas
            if broker != self.broker_id
        }
        told = facts.BecameLeader(
            self.name, self.leader_epoch, self.epoch_start_offset, tuple(sorted(self.isr)), self.partition_epoch
        )
        return [told, *self.advance(now)]

    def _keep_followers(self, caught_up_ms: Millis) -> None:
        """Know all that are replicas now, and nobody else: a reassignment adds some, and later takes others away."""
        self.followers = {
            broker: self.followers.get(broker) or FollowerState(caught_up_ms)
            for broker in self.replicas
            if broker != self.broker_id
        }

    def step_down(self) -> None:
        """This broker holds no replica any more."""
        self.role, self.proposal, self.followers = Role.NONE, None, {}

    def _follow(self, registration: PartitionRegistration) -> list[facts.Fact]:
        news = registration.leader_epoch != self.leader_epoch or self.role is not Role.FOLLOWER
        self._enter_epoch(registration, Role.FOLLOWER)
        self.followers = {}
        return [facts.BecameFollower(self.name, self.leader, self.leader_epoch)] if news else []

    def _enter_epoch(self, registration: PartitionRegistration, role: Role) -> None:
        assert registration.leader_epoch >= self.leader_epoch, "leader epochs only rise"
        self.role = role
        self.leader = registration.leader
        self.leader_epoch = registration.leader_epoch
        self.isr = frozenset(registration.isr)

    def _adopt(self, members: tuple[BrokerId, ...]) -> list[facts.Fact]:
        if frozenset(members) == self.isr:
            return []
        self.isr = frozenset(members)
        return [facts.IsrAdopted(self.name, tuple(sorted(members)), self.partition_epoch)]

    # --- producers ---

    def view(self) -> acks.LeaderView:
        """What decides about acknowledgements."""
        ends = [(broker, state.log_end_offset) for broker, state in self.followers.items()]
        return acks.LeaderView(
            self.replicas, self.isr, self.config.min_insync_replicas, self.log.high_watermark,
            ((self.broker_id, self.log.log_end_offset), *ends),
        )  # fmt: skip

    def append_as_leader(self, batch: RecordBatch, now: Millis) -> tuple[RecordBatch, list[facts.Fact]]:
        """Stamp the batch with offset and epoch and write it. Raises `StorageError`, changing nothing."""
        assert self.is_leader, "only a leader appends what producers send"
        if self.config.message_timestamp_type == "LogAppendTime":
            batch = batch.with_append_time(now)
        written = self.log.append_as_leader(batch, self.leader_epoch)
        told = facts.RecordsAppended(self.name, written.base_offset, written.next_offset, written.data, as_leader=True)
        return written, [told, *self.log.take_news(), *self.advance(now)]

    # --- followers ---

    def record_follower_fetch(
        self,
        follower: BrokerId,
        fetch_offset: Offset,
        broker_epoch: Epoch,
        claimed_epoch: Epoch,
        now: Millis,
        log_start_offset: Offset = 0,
    ) -> list[facts.Fact]:
        """A follower asks for `fetch_offset`, so it holds everything below (`Replica.updateFetchState`)."""
        assert self.is_leader, "only a leader learns from fetches"
        state = self.followers[follower]
        if fetch_offset >= self.log.log_end_offset:
            state.last_caught_up_ms = now
        elif fetch_offset >= state.leader_end_at_last_fetch:
            state.last_caught_up_ms = max(state.last_caught_up_ms, state.last_fetch_ms)
        moved = state.log_end_offset != fetch_offset
        state.log_end_offset = fetch_offset
        state.last_fetch_ms = now
        state.leader_end_at_last_fetch = self.log.log_end_offset
        state.broker_epoch = broker_epoch
        state.log_start_offset = log_start_offset
        told: list[facts.Fact] = []
        if moved:
            told.append(facts.FollowerProgress(self.name, follower, fetch_offset, self.leader_epoch, claimed_epoch))
        return told + self.advance(now)

    def advance(self, now: Millis) -> list[facts.Fact]:
        """Move the high watermark if it may move."""
        views = tuple([self._view_of(broker, state, now) for broker, state in self.followers.items()])
        mark = advance_high_watermark(self.log.high_watermark, self.log.log_end_offset, views, self.effective_min_isr)
        if not self.log.move_high_watermark(mark):
            return []
        moved = facts.HighWatermarkMoved(self.name, self.log.high_watermark, as_leader=True)
        return [moved, *self.log.take_news()]

    def _view_of(self, broker: BrokerId, state: FollowerState, now: Millis) -> FollowerView:
        in_isr = broker in self.isr
        if in_isr:
            return FollowerView(broker, state.log_end_offset, True, False)
        # KIP-497: a newcomer counts from the moment the leader asks for it, since the controller may already
        # have written it down and may elect it.
        joining = self.proposal is not None and broker in self.proposal.isr
        if not joining:
            follower = self._follower_side(broker, state)
            joining = isr.is_eligible(follower) and isr.is_caught_up(
                self._leader_side(), follower, now, self.lag_time_max_ms
            )
        return FollowerView(broker, state.log_end_offset, False, joining)

    # --- the ISR ---

    def propose_expansion(self, follower: BrokerId) -> list[facts.Fact]:
        """Ask for `follower` to join, if it may."""
        if follower in self.isr or not isr.may_join(
            self._leader_side(), self._follower_side(follower, self.followers[follower])
        ):
            return []
        return self._propose(self.isr | {follower})

    def propose_shrink(self, now: Millis) -> list[facts.Fact]:
        """Ask for the removal of members that have been behind for too long."""
        followers = tuple(self._follower_side(broker, state) for broker, state in self.followers.items())
        gone = isr.to_remove(self._leader_side(), followers, now, self.lag_time_max_ms)
        if not gone:
            return []
        return self._propose(self.isr - gone)

    def propose_recovered(self) -> list[facts.Fact]:
        """Tell the controller that a leader chosen uncleanly has taken over (LeaderRecoveryState RECOVERED)."""
        return self._propose(self.isr) if self.recovering and self.proposal is None else []

    def _propose(self, members: frozenset[BrokerId]) -> list[facts.Fact]:
        self.proposal = IsrProposal(members, self.leader_epoch, self.partition_epoch)
        return [
            facts.IsrProposed(
                self.name,
                tuple(sorted(members)),
                tuple(sorted(members - self.isr)),
                tuple(sorted(self.isr - members)),
                self.leader_epoch,
            )
        ]

    def proposal_accepted(self, members: tuple[BrokerId, ...], partition_epoch: Epoch, now: Millis) -> list[facts.Fact]:
        """The controller has written the proposed ISR. An answer that metadata has overtaken changes nothing."""
        if partition_epoch < self.partition_epoch or self.proposal is None:
            return []
        self.partition_epoch = partition_epoch
        self.recovering = False
        self.proposal = None
        return self._adopt(members) + self.advance(now)

    def proposal_dropped(self, proposal: IsrProposal) -> None:
        """The controller will not take this proposal, and nothing newer is known: count with the ISR as it was."""
        if self.proposal is proposal:
            self.proposal = None

    def _leader_side(self) -> isr.Leader:
        return isr.Leader(
            self.broker_id, self.log.log_end_offset, self.log.high_watermark, self.epoch_start_offset,
            self.isr, self.proposal is not None,
        )  # fmt: skip

    def _follower_side(self, broker: BrokerId, state: FollowerState) -> isr.Follower:
        known = self.brokers.get(broker)
        return isr.Follower(
            broker,
            state.log_end_offset,
            state.last_caught_up_ms,
            known is not None and known.is_active,
            state.broker_epoch,
            NO_EPOCH if known is None else known.broker_epoch,
        )
