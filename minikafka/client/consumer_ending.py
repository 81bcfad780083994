"""How a consumer goes: commit, give up, leave, in this order, else the commit would be refused.

```
 close        commit (if automatic) → on_revoke → LeaveGroup, or a heartbeat with epoch -1 → closed
 unsubscribe                          on_revoke → LeaveGroup                               → may subscribe again
```

* The automatic commit of `close` commits positions: what was handed over, whether it was processed or not.
* A static member does not leave: its partitions wait for it until its session is over.

Mirrors `ConsumerCoordinator.close` and `AbstractCoordinator.onLeavePrepare`. What we leave out: `CloseOptions`.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from minikafka.client.classic_membership import ClassicMembership
from minikafka.client.consumer_commits import Commits
from minikafka.client.consumer_state import RebalanceCall, Shared, Subscription, Turn
from minikafka.client.heartbeat_membership import HeartbeatMembership
from minikafka.effects import Effect
from minikafka.protocol.group_messages import ConsumerGroupHeartbeatRequest, LeaveGroupRequest
from minikafka.protocol.messages import FetchRequest
from minikafka.types import Millis

Membership: TypeAlias = ClassicMembership | HeartbeatMembership


class Stage(Enum):
    """How far a close or an unsubscribe has come."""

    NONE = "none"
    COMMITTING = "committing"
    HANDING_OVER = "handing over"
    LEAVING = "leaving"
    CLOSED = "closed"


class Ending:
    """The one close or unsubscribe that may be under way."""

    def __init__(self, shared: Shared, commits: Commits, membership: Membership) -> None:
        self.shared = shared
        self.commits = commits
        self.membership = membership
        self.stage = Stage.NONE
        self._stays = False
        self._commit = 0

    def begin(self, now: Millis, stays: bool) -> None:
        """Close, or with `stays` only unsubscribe."""
        if self.stage != Stage.NONE:
            return
        self.stage, self._stays = Stage.COMMITTING, stays
        self.shared.polling, self.shared.listening = False, True
        self.shared.requests.forget(FetchRequest)
        limit_ms = self.shared.config.default_api_timeout_ms
        self._commit = 0 if stays else self.commits.commit_before_change(now, limit_ms)

    def go_on(self, now: Millis) -> list[Effect]:
        """As far as answers and the application let us."""
        effects: list[Effect] = []
        if self.stage == Stage.COMMITTING and self.commits.is_done(self._commit):
            self._hand_over()
        if self.stage == Stage.HANDING_OVER:
            effects += self.membership.turns.advance()
            if self.membership.turns.is_done:
                self.stage = Stage.LEAVING
                if not self.shared.subscription.is_empty:
                    effects += self.membership.leave(now, "the consumer is being closed")
        if self.stage == Stage.LEAVING and not self._waits_for_the_coordinator():
            self._ended()
        return effects

    def _hand_over(self) -> None:
        self.stage = Stage.HANDING_OVER
        turn = Turn.REVOKED if self.membership.is_member else Turn.LOST
        owned = () if self.shared.subscription.is_empty else tuple(sorted(self.shared.assigned))
        self.membership.turns.begin([RebalanceCall(turn, owned)] if owned else [], self.membership.generation)

    def _waits_for_the_coordinator(self) -> bool:
        requests = self.shared.requests
        return any(requests.is_under_way(kind) for kind in (LeaveGroupRequest, ConsumerGroupHeartbeatRequest))

    def _ended(self) -> None:
        self.stage = Stage.NONE if self._stays else Stage.CLOSED
        self.shared.listening = False
        self.shared.give_up(list(self.shared.assigned))
        self.shared.subscription = Subscription()
