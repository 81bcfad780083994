"""What the leader of the quorum knows about the others: how far each has copied its log, and when it last asked.

```
 voter    log end   last fetch                 epoch starts at 5
 3001        9      (the leader itself)        sorted ends 9 7 4 → 7 is on a majority, and beyond 5: committed
 3002        7       80 ms ago
 3003        4     2 900 ms ago                3003 may be gone; 3001 and 3002 are a majority all the same
```

* A voter's log end is what it asks for next: it has flushed everything below before it asks (D4).
* All of it is forgotten with the leadership: it counts in one epoch only.

Mirrors `LeaderState`. What we leave out: voters that join and leave while it leads (KIP-853).
"""

from __future__ import annotations

from dataclasses import dataclass

from minikafka.controller import quorum
from minikafka.protocol import facts
from minikafka.protocol.quorum_messages import QuorumReplica
from minikafka.types import NO_OFFSET, Epoch, Millis, Offset

NEVER: Millis = -(1 << 62)


@dataclass(slots=True)
class Progress:
    """One voter or observer."""

    log_end_offset: Offset = NO_OFFSET
    """What it asks for next; -1 before its first fetch in this epoch."""
    last_fetch_ms: Millis = NEVER
    last_caught_up_ms: Millis = -1
    """When it last asked for the leader's log end."""
    last_told_ms: Millis = NEVER
    """When it last confirmed that it knows who leads (BeginQuorumEpoch)."""


class Leadership:
    """One epoch of one leader."""

    def __init__(self, epoch: Epoch, followers: tuple[int, ...], epoch_start_offset: Offset, now: Millis) -> None:
        self.epoch = epoch
        self.epoch_start_offset = epoch_start_offset
        """Where the first record of this epoch stands."""
        self.since_ms = now
        self.voters = {voter: Progress() for voter in followers}
        """The other voters."""
        self.observers: dict[int, Progress] = {}

    def record_fetch(self, replica: int, offset: Offset, leader_end: Offset, now: Millis) -> list[facts.Fact]:
        """A replica asks for `offset`: it holds everything below."""
        progress = self.voters.get(replica)
        is_voter = progress is not None
        if progress is None:
            progress = self.observers.setdefault(replica, Progress())
        news = is_voter and progress.log_end_offset != offset
        progress.log_end_offset, progress.last_fetch_ms = offset, now
        if offset >= leader_end:
            progress.last_caught_up_ms = now
        return [facts.VoterProgress(quorum.controller_number(replica), offset)] if news else []

    def record_alive(self, replica: int, now: Millis) -> None:
        """A replica asks for a piece of a snapshot."""
        if replica in self.voters:
            self.voters[replica].last_fetch_ms = now

    def high_watermark(self, current: Offset, own_end: Offset) -> Offset:
        """What is committed now."""
        ends = (own_end, *(progress.log_end_offset for progress in self.voters.values()))
        return quorum.majority_high_watermark(current, ends, self.epoch_start_offset)

    def has_majority(self, now: Millis, timeout_ms: Millis) -> bool:
        """Does a majority still fetch?"""
        return quorum.check_quorum(self._last_fetches(), now, timeout_ms)

    def majority_due_ms(self, timeout_ms: Millis) -> Millis | None:
        """When `has_majority` will fail if nobody fetches until then; None: the leader is a majority alone."""
        needed = quorum.majority(1 + len(self.voters)) - 1
        return sorted(self._last_fetches(), reverse=True)[needed - 1] + timeout_ms if needed else None

    def to_be_told(self, now: Millis, interval_ms: Millis) -> list[int]:
        """Voters that seem not to know who leads: no fetch and no confirmation for so long."""
        return [voter for voter, one in self.voters.items() if now - _heard_ms(one) >= interval_ms]

    def telling_due_ms(self, now: Millis, interval_ms: Millis) -> Millis | None:
        """When the next voter will have to be told, besides those that are being told."""
        due = (_heard_ms(one) + interval_ms for one in self.voters.values())
        return min((one for one in due if one > now), default=None)

    def successors(self) -> tuple[int, ...]:
        """Who should stand next."""
        return quorum.next_leader_candidates({voter: one.log_end_offset for voter, one in self.voters.items()})

    def describe(self, local_id: int, own_end: Offset, now: Millis) -> tuple[QuorumReplica, ...]:
        """All voters, for DescribeQuorum."""
        others = [_described(voter, one) for voter, one in self.voters.items()]
        return tuple(sorted((QuorumReplica(local_id, own_end, now, now), *others), key=lambda one: one.replica_id))

    def describe_observers(self) -> tuple[QuorumReplica, ...]:
        """All observers, for DescribeQuorum."""
        return tuple(_described(observer, one) for observer, one in sorted(self.observers.items()))

    def _last_fetches(self) -> tuple[Millis, ...]:
        return tuple(max(one.last_fetch_ms, self.since_ms) for one in self.voters.values())


def _heard_ms(one: Progress) -> Millis:
    return max(one.last_fetch_ms, one.last_told_ms)


def _described(replica: int, one: Progress) -> QuorumReplica:
    return QuorumReplica(replica, one.log_end_offset, max(one.last_fetch_ms, -1), one.last_caught_up_ms)
