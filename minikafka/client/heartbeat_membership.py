"""Being a member of a KIP-848 group: one heartbeat says everything, and the coordinator says what to own.

```
 heartbeat(epoch 0, topics)  ─▶  you are in epoch 2, yours: t-0 t-1
 heartbeat(epoch 2, I own t-0 t-1)
 heartbeat(epoch 2)          ─▶  yours: t-0                            somebody has joined
      commit, revoke t-1, heartbeat(epoch 2, I own t-0)  ─▶  epoch 3   only now the other gets t-1
```

* No barrier: each member moves towards its own target, and reads on meanwhile what it keeps.
* A partition is given to another only after its owner has said, with a heartbeat, that it no longer owns it (I27).
* FENCED_MEMBER_EPOCH, UNKNOWN_MEMBER_ID: everything is lost; begin again with epoch 0.

Mirrors `ConsumerMembershipManager` and `ConsumerHeartbeatRequestManager`. What we leave out: topic ids that the client
does not know yet (the coordinator names topics here), patterns matched by the coordinator, jitter.
"""

from __future__ import annotations

from enum import Enum

from minikafka.client import classic_membership, consumer_rebalance, coordinator_lookup
from minikafka.client.consumer_commits import Commits, Identity, Refusal
from minikafka.client.consumer_rebalance import Turns
from minikafka.client.consumer_requests import COORDINATOR, Asked
from minikafka.client.consumer_state import RebalanceCall, Shared, Trouble, Turn
from minikafka.client.coordinator_lookup import CoordinatorLookup
from minikafka.effects import Effect
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse
from minikafka.protocol.messages import Response
from minikafka.types import Epoch, Millis, TopicPartition

JOIN_EPOCH, LEAVE_EPOCH, LEAVE_STATIC_EPOCH = 0, -1, -2
FIRST_INTERVAL_MS: Millis = 3_000
"""Until the coordinator has named its heartbeat interval."""

EPOCH_IS_OVER = frozenset({ErrorCode.FENCED_MEMBER_EPOCH, ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.GROUP_ID_NOT_FOUND})


class State(Enum):
    """Where a member stands (Kafka: `MemberState`, the ones that matter here)."""

    OUT = "unsubscribed"
    JOINING = "joining"
    STABLE = "stable"
    RECONCILING = "reconciling"
    FENCED = "fenced"
    FAILED = "fatal"


MAY_BE_KNOWN = (State.JOINING, State.STABLE, State.RECONCILING)
"""The coordinator counts it as a member, or will, once it gets what was sent."""


# --- decisions ---


def leave_epoch(is_static: bool) -> Epoch:
    """The epoch that says goodbye; a static member only goes away for a while (KIP-848)."""
    return LEAVE_STATIC_EPOCH if is_static else LEAVE_EPOCH


def reconciliation(owned: tuple[TopicPartition, ...], target: tuple[TopicPartition, ...]) -> list[RebalanceCall | None]:
    """What has to happen on the way from what is owned to what shall be: first give up, then take up."""
    revoked, assigned = consumer_rebalance.after_joining(owned, target)
    return [revoked, assigned if assigned.partitions else None]


class HeartbeatMembership:
    """One member's side of the KIP-848 protocol."""

    def __init__(self, shared: Shared, lookup: CoordinatorLookup, commits: Commits) -> None:
        self.shared = shared
        self.lookup = lookup
        self.commits = commits
        self.turns = Turns(shared)
        self.state = State.OUT
        self.member_id = f"{shared.node}-member"
        """Made by the client, and kept until its process ends."""
        self.epoch: Epoch = JOIN_EPOCH
        self.poll_due_ms: Millis = 0
        self.failure = Trouble(None, ErrorCode.NONE)
        """Why it can be no member, in state FAILED."""
        self._target: tuple[TopicPartition, ...] | None = None
        self._commit = 0
        self._told_topics: tuple[str, ...] | None = None
        self._told_owned: tuple[TopicPartition, ...] | None = None
        self._interval_ms: Millis = FIRST_INTERVAL_MS
        self._heartbeat_due_ms: Millis = 0

    @property
    def identity(self) -> Identity | None:
        """In whose name to commit: the newest epoch we know."""
        if self.epoch <= 0 or self.state not in (State.STABLE, State.RECONCILING):
            return None
        return Identity(self.epoch, self.member_id, self.shared.config.instance_id)

    @property
    def is_member(self) -> bool:
        """Does the coordinator count on us, as far as we know?"""
        return self.epoch > 0

    @property
    def generation(self) -> Epoch:
        """The member epoch, under the name that both protocols share."""
        return self.epoch

    @property
    def in_rebalance(self) -> bool:
        """There is no barrier in this protocol."""
        return False

    @property
    def owned(self) -> tuple[TopicPartition, ...]:
        """What this member owns and has not begun to give up for good."""
        return tuple(sorted(self.shared.assigned))

    def tell_again(self) -> None:
        """Each poll says anew that this member can be none."""
        if self.state == State.FAILED:
            self.shared.state.errors.append(self.failure)

    # --- what is due ---

    def advance(self, now: Millis) -> list[Effect]:
        """Reconcile while the application polls; heartbeat at any time."""
        effects: list[Effect] = []
        if self.state == State.FAILED:
            return effects
        if self.shared.listening:
            effects += self._foreground(now)
        elif self.state in MAY_BE_KNOWN and self._is_overdue(now):
            return effects + self.leave(now, "")
        if self.state in MAY_BE_KNOWN:
            effects += self.lookup.find(now)
            effects += self._beat(now)
        return effects

    def _is_overdue(self, now: Millis) -> bool:
        return classic_membership.poll_is_overdue(self.poll_due_ms, True, now)

    def _foreground(self, now: Millis) -> list[Effect]:
        if self.shared.state.callbacks:
            return self.leave(now, "") if self._is_overdue(now) and self.epoch > 0 else []
        self.poll_due_ms = now + self.shared.config.max_poll_interval_ms
        effects: list[Effect] = []
        if self.state == State.FENCED:
            effects += self._lose()
        if self.state == State.OUT and not self.shared.subscription.is_empty and self.turns.is_done:
            self._begin(now)
        if self.state == State.STABLE and self._target is not None:
            self._reconcile(now)
        if self.state == State.RECONCILING and self.commits.is_done(self._commit):
            effects += self.turns.advance()
            if self.turns.is_done:
                self.state = State.STABLE
                self._heartbeat_due_ms = now  # Say at once what is owned now: somebody may be waiting for it.
        return effects

    def _begin(self, now: Millis) -> None:
        self.state, self.epoch, self._target = State.JOINING, JOIN_EPOCH, None
        self._told_topics = self._told_owned = None
        self._heartbeat_due_ms = now

    def _lose(self) -> list[Effect]:
        """The epoch is over: say so to the application, then begin again."""
        if self.turns.is_done and self.shared.assigned:
            self.turns.begin([RebalanceCall(Turn.LOST, self.owned)], self.epoch)
        effects = self.turns.advance()
        if self.turns.is_done:
            self.state = State.OUT
        return effects

    def _reconcile(self, now: Millis) -> None:
        target, self._target = self._target, None
        assert target is not None, "there is something to reconcile"
        calls = reconciliation(self.owned, target)
        if all(call is None for call in calls):
            self._heartbeat_due_ms = now if self._told_owned != self.owned else self._heartbeat_due_ms
            return
        self.state = State.RECONCILING
        self._commit = self.commits.commit_before_change(now, self.shared.config.max_poll_interval_ms)
        self.turns.begin(calls, self.epoch)

    def _beat(self, now: Millis) -> list[Effect]:
        topics = self.shared.subscribed_topics()
        is_news = self._told_topics not in (None, topics)
        under_way = self.shared.requests.is_under_way(ConsumerGroupHeartbeatRequest)
        if self.lookup.node is None or under_way or (now < self._heartbeat_due_ms and not is_news):
            return []
        self._heartbeat_due_ms = now + self._interval_ms
        return self.shared.requests.send(self.lookup.node, self._heartbeat(topics), now, COORDINATOR)

    def _heartbeat(self, topics: tuple[str, ...]) -> ConsumerGroupHeartbeatRequest:
        """Everything when joining or when nobody knows what has arrived; later only what has changed.

        Who says everything, is told everything: an assignment that was written down behind a refused heartbeat would
        otherwise never be heard of (`ConsumerHeartbeatRequestManager.HeartbeatState.reset`).
        """
        config, joins = self.shared.config, self.epoch == JOIN_EPOCH
        says_all = joins or self._told_topics is None
        owned = self._told_owned if self.state == State.RECONCILING and self._told_owned is not None else self.owned
        says_owned = joins or owned != self._told_owned
        says_topics = joins or topics != self._told_topics
        self._told_topics, self._told_owned = topics, owned
        return ConsumerGroupHeartbeatRequest(
            self.lookup.group,
            self.member_id,
            self.epoch,
            config.instance_id,
            config.client_rack or None if joins else None,
            config.max_poll_interval_ms if says_all else -1,
            topics if says_topics else None,
            None,
            config.group_remote_assignor or None if says_all else None,
            () if joins else owned if says_owned else None,
            client_id=config.client_id or self.shared.node,
        )

    # --- answers ---

    def answered(self, response: Response, asked: Asked, now: Millis) -> list[Effect]:
        """The coordinator has spoken; an answer to what an earlier membership said no longer counts."""
        request = asked.request
        assert isinstance(request, ConsumerGroupHeartbeatRequest)
        if not isinstance(response, ConsumerGroupHeartbeatResponse) or request.member_epoch < 0:
            return []
        if self.state not in MAY_BE_KNOWN or request.member_epoch != self.epoch:
            return []
        if response.error != ErrorCode.NONE:
            return self._refused(response, now)
        self.epoch = response.member_epoch
        self._interval_ms = response.heartbeat_interval_ms or self._interval_ms
        self._heartbeat_due_ms = asked.sent_ms + self._interval_ms
        if self.state == State.JOINING:
            self.state = State.STABLE
        if response.assignment is not None:
            self._target = tuple(sorted(response.assignment))
        return []

    def _refused(self, response: ConsumerGroupHeartbeatResponse, now: Millis) -> list[Effect]:
        self._told_topics = self._told_owned = None  # Whatever was new may not have arrived: say it again.
        self._heartbeat_due_ms = now + self.shared.config.retry_backoff_ms
        if response.error in coordinator_lookup.MOVED:
            self.lookup.lost(now)
        elif response.error in EPOCH_IS_OVER:
            self._fence()
        elif not response.error.retriable:
            self._fence()
            self.state = State.FAILED
            self.failure = Trouble(None, response.error, response.error_message or "")
            self.shared.state.errors.append(self.failure)
        return []

    def commit_refused(self, refusal: Refusal, now: Millis) -> list[Effect]:
        """Heartbeats say what becomes of the membership; a refused commit only refuses itself."""
        return []

    def lost(self, asked: Asked, now: Millis) -> list[Effect]:
        """A heartbeat will not be answered: repeat all it said."""
        if isinstance(asked.request, ConsumerGroupHeartbeatRequest):
            self._told_topics = self._told_owned = None
            self._heartbeat_due_ms = now
        return []

    # --- endings ---

    def _fence(self) -> None:
        self.state, self.epoch, self._target = State.FENCED, JOIN_EPOCH, None
        self.turns.drop()
        self.shared.mark_leaving(self.shared.assigned)

    def leave(self, now: Millis, reason: str) -> list[Effect]:
        """Say goodbye, also while the answer to joining is not here yet; a static member only for a while.

        Mirrors `AbstractMembershipManager.leaveGroup`.
        """
        effects: list[Effect] = []
        if self.state in MAY_BE_KNOWN and self.lookup.node is not None:
            instance = self.shared.config.instance_id
            epoch = leave_epoch(instance is not None)
            request = ConsumerGroupHeartbeatRequest(self.lookup.group, self.member_id, epoch, instance)
            effects = self.shared.requests.send(self.lookup.node, request, now, COORDINATOR)
        self._fence()
        return effects

    def next_due_ms(self, now: Millis) -> Millis | None:
        """The next heartbeat, or the end of the poll interval."""
        if self.state not in MAY_BE_KNOWN:
            return None
        return min((at for at in (self._heartbeat_due_ms, self.poll_due_ms) if at > now), default=None)
