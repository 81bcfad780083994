"""Whom to ask now: which of the controllers is the active one, as far as this broker knows.

```
 fetch ─▶ controller-1: "not I; controller-3 leads epoch 4" ─▶ controller-3
 fetch ─▶ controller-2: no answer                           ─▶ controller-3 ─▶ controller-1 ─▶ …
```

* One place for all that a broker asks of controllers: what its fetches find out, its heartbeats use.
* The higher epoch wins; a hint from an older one is not followed.
* Who does not answer is asked again only after all others.

Mirrors `RaftControllerNodeProvider` and the observer's part of `KafkaRaftClient`. What we leave out: voters that are
found through bootstrap addresses (KIP-853).
"""

from __future__ import annotations

from minikafka.types import CONTROLLER_ID_BASE, NO_EPOCH, NO_LEADER, Epoch, NodeId, controller_node


class Controllers:
    """What one broker knows of the quorum."""

    def __init__(self, voters: tuple[NodeId, ...]) -> None:
        self.voters = voters
        self.epoch: Epoch = NO_EPOCH
        """The newest quorum epoch heard of; -1, which nobody compares: of none yet."""
        self.leader: NodeId | None = None
        """Who leads it; None: not known, one voter after the other is asked."""
        self._turn = 0
        self._tried = 0

    @property
    def active(self) -> NodeId:
        """Whom to ask now."""
        return self.leader if self.leader is not None else self.voters[self._turn % len(self.voters)]

    @property
    def all_tried(self) -> bool:
        """Has every voter been asked in vain since the last good answer? Then it is time for a longer pause."""
        return self._tried >= len(self.voters)

    def answered_well(self) -> None:
        """The one that was asked is the active one."""
        self._tried = 0

    def heard(self, leader: int, epoch: Epoch) -> bool:
        """A controller says who leads (by replica id). True if that is news of somebody to ask."""
        if epoch < self.epoch:
            return False
        node = controller_node(leader - CONTROLLER_ID_BASE) if leader != NO_LEADER else None
        if epoch == self.epoch and (node is None or node == self.leader):
            return False
        self.epoch, self.leader = epoch, node
        return node is not None

    def failed(self, node: NodeId) -> None:
        """`node` did not answer, or is not the active one: ask the next."""
        self._tried += 1
        if node == self.active:
            self.leader = None
            self._turn = self.voters.index(node) + 1
