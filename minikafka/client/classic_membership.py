"""Being a member of a classic group: join, sync, heartbeat, and do it all again whenever somebody comes or goes.

```
 UNJOINED ─poll─▶ PREPARING ──────▶ JOINING ─▶ (leader: ASSIGNING) ─▶ SYNCING ─▶ COMPLETING ─▶ STABLE
                  commit, give up   JoinGroup   compute for all       SyncGroup   take up          │
                  ▲                                                                                │
                  └──── REBALANCE_IN_PROGRESS, changed topics; lost: UNKNOWN_MEMBER_ID, … ─────────┘
```

* Heartbeats need no poll; joining does. Between two polls at most `max.poll.interval.ms` may pass: a dynamic member
  that is slower leaves by itself, a static one falls silent.
* A generation that the coordinator no longer knows takes the partitions with it: LOST, then join anew.

Mirrors `AbstractCoordinator` and `ConsumerCoordinator`. What we leave out: the heartbeat thread is a timer, and a
`LeaveGroup` is sent without waiting for its answer.
"""

from __future__ import annotations

from enum import Enum

from minikafka.client import consumer_rebalance, coordinator_lookup
from minikafka.client.consumer_commits import Commits, Identity, Refusal
from minikafka.client.consumer_rebalance import Turns
from minikafka.client.consumer_requests import COORDINATOR, Asked
from minikafka.client.consumer_state import Shared, Trouble
from minikafka.client.coordinator_lookup import CoordinatorLookup
from minikafka.effects import Effect
from minikafka.protocol import consumer_protocol
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    HeartbeatRequest,
    HeartbeatResponse,
    JoinGroupRequest,
    JoinGroupResponse,
    LeaveGroupRequest,
    LeavingMember,
    SyncGroupRequest,
    SyncGroupResponse,
)
from minikafka.protocol.messages import Response
from minikafka.types import NO_EPOCH, Epoch, Millis, TopicPartition

JOIN_GRACE_MS: Millis = 5_000
"""A JoinGroup is parked for up to the rebalance timeout; the client waits so much longer for its answer."""

GENERATION_IS_OVER = frozenset({ErrorCode.ILLEGAL_GENERATION, ErrorCode.UNKNOWN_MEMBER_ID})


class State(Enum):
    """Where a member stands (Kafka: `MemberState`, with the steps between named)."""

    UNJOINED = "unjoined"
    PREPARING = "preparing"
    JOINING = "joining"
    ASSIGNING = "assigning"
    SYNCING = "syncing"
    COMPLETING = "completing"
    STABLE = "stable"
    FAILED = "failed"


BEATING = frozenset({State.PREPARING, State.ASSIGNING, State.SYNCING, State.COMPLETING, State.STABLE})
IN_GENERATION = frozenset({State.PREPARING, State.COMPLETING, State.STABLE})


# --- decisions ---


def poll_is_overdue(poll_due_ms: Millis, in_application: bool, now: Millis) -> bool:
    """Has the application been away from poll for longer than `max.poll.interval.ms`?"""
    return in_application and now >= poll_due_ms


def keeps_member_id(error: ErrorCode) -> bool:
    """After ILLEGAL_GENERATION the member is still known; after UNKNOWN_MEMBER_ID it starts as a new one."""
    return error == ErrorCode.ILLEGAL_GENERATION


class ClassicMembership:
    """One member's side of the classic protocol."""

    def __init__(self, shared: Shared, lookup: CoordinatorLookup, commits: Commits) -> None:
        self.shared = shared
        self.lookup = lookup
        self.commits = commits
        self.turns = Turns(shared)
        self.state = State.UNJOINED
        self.generation: Epoch = NO_EPOCH
        self.member_id = ""
        self.protocol = ""
        self.poll_due_ms: Millis = 0
        self.failure = Trouble(None, ErrorCode.NONE)
        """Why it can be no member, in state FAILED."""
        self._names = shared.config.assignors
        self._rejoin = True
        self._prepared = False
        self._commit = 0
        self._joined_topics: tuple[str, ...] = ()
        self._memory: tuple[TopicPartition, ...] = ()
        self._led: JoinGroupResponse | None = None
        """The answer that made this member the leader of its generation."""
        self._snapshot: dict[str, int] = {}
        """Partition counts the leader has assigned from; other counts call for another rebalance."""
        self._assignment: tuple[TopicPartition, ...] = ()
        self._not_before_ms: Millis = 0
        self._heartbeat_due_ms: Millis = 0
        self._session_due_ms: Millis = 0

    @property
    def identity(self) -> Identity | None:
        """In whose name to commit; None while it is in no generation."""
        if self.generation < 0 or self.state not in IN_GENERATION:
            return None
        return Identity(self.generation, self.member_id, self.shared.config.instance_id)

    @property
    def is_member(self) -> bool:
        """Does the coordinator count on us, as far as we know?"""
        return self.generation >= 0

    @property
    def in_rebalance(self) -> bool:
        """Is a new generation under way?"""
        return self.state in (State.JOINING, State.ASSIGNING, State.SYNCING)

    @property
    def topics(self) -> tuple[str, ...]:
        """What is subscribed to now; a pattern is matched against the topics we know."""
        return self.shared.subscribed_topics()

    def tell_again(self) -> None:
        """Each poll says anew that this member can be none."""
        if self.state == State.FAILED:
            self.shared.state.errors.append(self.failure)

    # --- what is due ---

    def advance(self, now: Millis) -> list[Effect]:
        """Heartbeats at any time; everything else while the application polls."""
        effects = self._background(now)
        if self.shared.listening and self.state != State.FAILED and not self.shared.subscription.is_empty:
            effects += self._foreground(now)
        return effects

    def _background(self, now: Millis) -> list[Effect]:
        if self.shared.listening and not self.shared.state.callbacks:
            self.poll_due_ms = now + self.shared.config.max_poll_interval_ms
        away = not self.shared.listening or bool(self.shared.state.callbacks)
        if self.state not in BEATING or self.generation < 0:
            return []
        if poll_is_overdue(self.poll_due_ms, away, now):
            return self.leave(now, "consumer poll timeout has expired")
        if now >= self._session_due_ms:
            self.lookup.lost(now)
            self._session_due_ms = now + self.shared.config.session_timeout_ms
        effects = self.lookup.find(now)
        if self.lookup.node is None or now < self._heartbeat_due_ms:
            return effects
        if not self.shared.requests.is_under_way(HeartbeatRequest):
            self._heartbeat_due_ms = now + self.shared.config.heartbeat_interval_ms
            instance = self.shared.config.instance_id
            request = HeartbeatRequest(self.lookup.group, self.generation, self.member_id, instance)
            effects += self.shared.requests.send(self.lookup.node, request, now, COORDINATOR)
        return effects

    def _foreground(self, now: Millis) -> list[Effect]:
        effects: list[Effect] = []
        if self.state == State.COMPLETING:
            effects += self.turns.advance()
            if self.turns.is_done:
                self.state = State.STABLE
        if self.state in (State.UNJOINED, State.STABLE) and self._has_to_join():
            effects += self._prepare(now)
        if self.state == State.PREPARING and self.commits.is_done(self._commit):
            effects += self.turns.advance()
            if self.turns.is_done:
                self.state = State.JOINING
        if self.state == State.JOINING:
            effects += self._join(now)
        if self.state == State.ASSIGNING:
            effects += self._assign(now)
        return effects

    def _has_to_join(self) -> bool:
        if not self.turns.is_done or (self.shared.subscription.pattern and not self.shared.metadata.errors):
            return False  # A callback still runs, or we do not know yet which topics there are.
        if self._led is not None and any(self._count(topic) != count for topic, count in self._snapshot.items()):
            self._rejoin = True  # The leader watches the metadata: partitions were added, or a topic came or went.
        return self._rejoin or self.topics != self._joined_topics

    def _count(self, topic: str) -> int:
        return self.shared.metadata.partitions_of.get(topic, 0)

    def _prepare(self, now: Millis) -> list[Effect]:
        """Before joining: commit, then give up what the protocol asks for. Once, however often joining fails."""
        self.state, self._rejoin = State.PREPARING, True
        if self._prepared:
            return []
        self._prepared = True
        is_member = self.generation >= 0
        owned = tuple(self.shared.assigned)
        self._memory = tuple(sorted(owned)) if is_member else ()
        cooperative = consumer_rebalance.is_cooperative(self._names)
        call = consumer_rebalance.before_joining(owned, self.topics, cooperative, is_member)
        timeout_ms = self.shared.config.max_poll_interval_ms
        self._commit = self.commits.commit_before_change(now, timeout_ms) if is_member else 0
        self.turns.begin([call], self.generation)
        return []

    def _join(self, now: Millis) -> list[Effect]:
        effects = self.lookup.find(now)
        under_way = self.shared.requests.is_under_way(JoinGroupRequest)
        if self.lookup.node is None or now < self._not_before_ms or under_way:
            return effects
        config = self.shared.config
        self._joined_topics = self.topics
        packed = consumer_rebalance.subscriptions(
            self._names, self.topics, tuple(self.shared.assigned), self._memory, self.generation, config.client_rack
        )
        request = JoinGroupRequest(
            self.lookup.group,
            config.session_timeout_ms,
            config.max_poll_interval_ms,
            self.member_id,
            config.instance_id,
            protocols=packed,
            client_id=config.client_id or self.shared.node,
        )
        timeout_ms = max(config.request_timeout_ms, config.max_poll_interval_ms + JOIN_GRACE_MS)
        return effects + self.shared.requests.send(self.lookup.node, request, now, COORDINATOR, timeout_ms=timeout_ms)

    def _assign(self, now: Millis) -> list[Effect]:
        """The leader computes once it knows how many partitions everybody's topics have."""
        assert self._led is not None, "only a leader assigns"
        members = {one.member_id: consumer_protocol.unpack_subscription(one.metadata) for one in self._led.members}
        topics = sorted({topic for one in members.values() for topic in one.topics})
        self.shared.metadata.topics.update(topics)
        if any(topic not in self.shared.metadata.errors for topic in topics):
            self.shared.metadata_wanted = True
            return []
        instances = {one.member_id: one.group_instance_id or "" for one in self._led.members}
        counts = {topic: self._count(topic) for topic in topics}
        self._snapshot = counts
        given = consumer_rebalance.assign(self.protocol, members, instances, counts)
        packed = tuple(
            (member, consumer_protocol.pack_assignment(consumer_protocol.Assigned(partitions)))
            for member, partitions in given.items()
        )
        return self._sync(packed, now)

    def _sync(self, assignments: tuple[tuple[str, bytes], ...], now: Millis) -> list[Effect]:
        self.state = State.SYNCING
        if self.lookup.node is None:
            return self._join_again(now)
        request = SyncGroupRequest(
            self.lookup.group, self.generation, self.member_id, self.shared.config.instance_id, "consumer",
            self.protocol, assignments, requires_protocol=True,
        )  # fmt: skip
        timeout_ms = max(self.shared.config.request_timeout_ms, self.shared.config.max_poll_interval_ms + JOIN_GRACE_MS)
        return self.shared.requests.send(self.lookup.node, request, now, COORDINATOR, timeout_ms=timeout_ms)

    # --- answers ---

    def answered(self, response: Response, asked: Asked, now: Millis) -> list[Effect]:
        """The coordinator has spoken."""
        match response, asked.request:
            case JoinGroupResponse(), JoinGroupRequest() if self.state == State.JOINING:
                return self._joined(response, now)
            case SyncGroupResponse(), SyncGroupRequest(generation=self.generation) if self.state == State.SYNCING:
                return self._synced(response, now)
            case HeartbeatResponse(), HeartbeatRequest(generation=self.generation, member_id=self.member_id):
                return self._beaten(response.error, now)
        return []

    def _joined(self, response: JoinGroupResponse, now: Millis) -> list[Effect]:
        if response.error == ErrorCode.MEMBER_ID_REQUIRED:  # KIP-394: join again under this id.
            self.member_id = response.member_id
            return self._join(now) if self.shared.listening else []
        if response.error != ErrorCode.NONE:
            return self._not_joined(response.error, now)
        self.generation, self.member_id = response.generation, response.member_id
        self.protocol = response.protocol_name or ""
        self._session_due_ms = now + self.shared.config.session_timeout_ms
        self._heartbeat_due_ms = now + self.shared.config.heartbeat_interval_ms
        self._led = response if response.leader == response.member_id else None
        if self._led is not None and not response.skip_assignment:
            self.state = State.ASSIGNING
            return self._assign(now)
        return self._sync((), now)

    def _not_joined(self, error: ErrorCode, now: Millis) -> list[Effect]:
        """JoinGroup or SyncGroup was refused."""
        if error in coordinator_lookup.MOVED:
            self.lookup.lost(now)
        elif error in GENERATION_IS_OVER:
            self.reset(error)
            return []
        elif error not in (ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.REBALANCE_IN_PROGRESS):
            return self._fail(error)
        pause = 0 if error == ErrorCode.REBALANCE_IN_PROGRESS else self.shared.config.retry_backoff_ms
        self._not_before_ms = now + pause
        return self._join_again(now)

    def _join_again(self, now: Millis) -> list[Effect]:
        self.state = State.JOINING
        return self._join(now) if self.shared.listening else []

    def _synced(self, response: SyncGroupResponse, now: Millis) -> list[Effect]:
        if response.error != ErrorCode.NONE:
            return self._not_joined(response.error, now)
        self._assignment = consumer_protocol.unpack_assignment(response.assignment).partitions
        revoked, assigned = consumer_rebalance.after_joining(tuple(self.shared.assigned), self._assignment)
        self._rejoin, self._prepared = revoked is not None, False
        self.state = State.COMPLETING
        self._session_due_ms = now + self.shared.config.session_timeout_ms
        self.turns.begin([revoked, assigned], self.generation)
        self.commits.auto_due_ms = now + self.shared.config.auto_commit_interval_ms
        return []

    def _beaten(self, error: ErrorCode, now: Millis) -> list[Effect]:
        if error == ErrorCode.NONE or error == ErrorCode.REBALANCE_IN_PROGRESS:
            self._session_due_ms = now + self.shared.config.session_timeout_ms
            self._rejoin |= error != ErrorCode.NONE and self.state in (State.STABLE, State.COMPLETING)
        elif error in coordinator_lookup.MOVED:
            self.lookup.lost(now)
        elif error in GENERATION_IS_OVER:
            self.reset(error)
        elif error == ErrorCode.FENCED_INSTANCE_ID:
            return self._fail(error)
        return []

    def commit_refused(self, refusal: Refusal, now: Millis) -> list[Effect]:
        """A commit told us that our generation is not what we think."""
        if self.identity is None or refusal.under != self.identity:
            return []
        if refusal.error in GENERATION_IS_OVER:
            self.reset(refusal.error)
        elif refusal.error == ErrorCode.REBALANCE_IN_PROGRESS:
            self._rejoin = True
        elif refusal.error == ErrorCode.FENCED_INSTANCE_ID:
            return self._fail(refusal.error)
        return []

    def lost(self, asked: Asked, now: Millis) -> list[Effect]:
        """A request of ours will not be answered."""
        if isinstance(asked.request, SyncGroupRequest) and self.state == State.SYNCING:
            return self._join_again(now)
        return []

    # --- endings ---

    def reset(self, error: ErrorCode) -> None:
        """The coordinator knows this generation no more: what we own is lost, and the next poll joins anew."""
        self.generation = NO_EPOCH
        if not keeps_member_id(error):
            self.member_id = ""
        self.state, self._rejoin, self._prepared, self._led = State.UNJOINED, True, False, None
        self.turns.drop()
        self.shared.mark_leaving(self.shared.assigned)

    def leave(self, now: Millis, reason: str) -> list[Effect]:
        """Leave the group. A static member says nothing: it may be back before its session is over (KIP-345)."""
        effects: list[Effect] = []
        if self.member_id and self.shared.config.instance_id is None and self.lookup.node is not None:
            request = LeaveGroupRequest(self.lookup.group, (LeavingMember(self.member_id, None, reason),))
            effects = self.shared.requests.send(self.lookup.node, request, now, COORDINATOR)
        self.reset(ErrorCode.UNKNOWN_MEMBER_ID)
        return effects

    def _fail(self, error: ErrorCode) -> list[Effect]:
        """Nothing we could send would be accepted: the application has to know."""
        self.reset(ErrorCode.UNKNOWN_MEMBER_ID)
        self.state, self.failure = State.FAILED, Trouble(None, error)
        self.shared.state.errors.append(self.failure)
        return []

    def next_due_ms(self, now: Millis) -> Millis | None:
        """The next heartbeat, the end of the session or of the poll interval, or the end of a pause."""
        times = [self._not_before_ms]
        if self.state in BEATING and self.generation >= 0:
            times += [self._heartbeat_due_ms, self._session_due_ms, self.poll_due_ms]
        return min((at for at in times if at > now), default=None)
