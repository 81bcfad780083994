"""Commits: writing down with the coordinator where the group would go on reading.

```
 position 8          what the application was handed lies below it, processed or not
 committed 4         where the next reader of this group starts: the *next* offset, not the last one done
```

* Auto-commit happens inside poll and close and before a rebalance, never by itself: no poll, no commit. It commits
  positions, that is what *earlier* polls returned. No argument says what was processed.
* An asynchronous commit is never repeated: a newer one may be there already. A synchronous one is, while that helps.
* A commit of an old generation is refused (I28) and changes nothing; the application hears of it.

Mirrors `ConsumerCoordinator` (classic) and `CommitRequestManager` (KIP-848). What we leave out: metadata of automatic
commits; committing for a group of a producer is the producer's call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from minikafka.client import coordinator_lookup
from minikafka.client.consumer_positions import Positions
from minikafka.client.consumer_requests import COORDINATOR, Asked
from minikafka.client.consumer_state import Assigned, CommitResult, Need, Shared
from minikafka.client.coordinator_lookup import CoordinatorLookup
from minikafka.effects import Effect, Observe
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetFetchGroup,
    OffsetFetchRequest,
    OffsetFetchResponse,
    OffsetToCommit,
)
from minikafka.types import NO_EPOCH, Epoch, Millis, Offset, TopicPartition

Offsets = dict[TopicPartition, OffsetToCommit]


class Identity(NamedTuple):
    """In whose name a commit is made."""

    generation: Epoch = NO_EPOCH
    member_id: str = ""
    instance_id: str | None = None


NOBODY = Identity()
"""Partitions assigned by hand: the group id is only a name under which offsets are kept."""


class Style(Enum):
    """Who asked for a commit."""

    SYNC = "sync"
    ASYNC = "async"
    AUTO = "auto"


@dataclass(slots=True)
class Commit:
    """One commit that is to be sent, or under way."""

    number: int
    offsets: Offsets
    style: Style
    ticket: int
    deadline_ms: Millis
    repeats: bool
    """May it be tried again after a retriable error?"""
    not_before_ms: Millis = 0
    under: Identity = NOBODY
    told: bool = False

    @property
    def pairs(self) -> tuple[tuple[TopicPartition, Offset], ...]:
        """(partition, offset) as the facts have them."""
        return tuple((one.partition, one.offset) for one in self.offsets.values())


class Refusal(NamedTuple):
    """A commit was refused in a way that says something about the membership."""

    error: ErrorCode
    under: Identity


# --- decisions ---


def offsets_to_commit(assigned: Mapping[TopicPartition, Assigned]) -> Offsets:
    """What an automatic commit commits: every known position (Kafka: `allConsumed`)."""
    return {
        partition: OffsetToCommit(partition, one.position, one.last_epoch)
        for partition, one in assigned.items()
        if one.position is not None and one.need in (Need.NOTHING, Need.VALIDATION)
    }


def may_commit(identity: Identity | None, in_rebalance: bool) -> ErrorCode:
    """NONE, or why this member cannot commit at all now: it is in no generation."""
    if identity is not None:
        return ErrorCode.NONE
    return ErrorCode.REBALANCE_IN_PROGRESS if in_rebalance else ErrorCode.UNKNOWN_MEMBER_ID


def may_repeat(error: ErrorCode, repeats: bool) -> bool:
    """Is it worth sending the same commit again? With a stale epoch the new one may arrive any moment (KIP-848)."""
    return repeats and (error.retriable or error == ErrorCode.STALE_MEMBER_EPOCH)


class Commits:
    """Sends commits in order, and asks what was committed."""

    def __init__(self, shared: Shared, lookup: CoordinatorLookup, positions: Positions) -> None:
        self.shared = shared
        self.lookup = lookup
        self.positions = positions
        self.stored: Offsets = {}
        """What the application stored for the next commit, where `enable.auto.offset.store` is off."""
        self.auto_due_ms: Millis = shared.config.auto_commit_interval_ms
        self._waiting: list[Commit] = []
        self._sent: dict[int, Commit] = {}
        self._numbers = 0
        self._wanted: dict[int, tuple[TopicPartition, ...]] = {}
        """Committed offsets the application asks for, by ticket."""
        self._fetch_not_before_ms: Millis = 0

    # --- committing ---

    def commit(self, offsets: Offsets, style: Style, ticket: int, now: Millis, timeout_ms: Millis = -1) -> int:
        """Have offsets committed; returns a number by which `is_done` knows it. Nothing to commit is done at once."""
        self._numbers += 1
        if not offsets:
            if ticket:
                self.shared.state.commits.append(CommitResult(ticket, ErrorCode.NONE, ()))
            return self._numbers
        deadline = now + (timeout_ms if timeout_ms >= 0 else self.shared.config.default_api_timeout_ms)
        repeats = style == Style.SYNC or timeout_ms >= 0
        self._waiting.append(Commit(self._numbers, offsets, style, ticket, deadline, repeats))
        return self._numbers

    def consumed(self) -> Offsets:
        """What a commit without arguments commits."""
        if self.shared.config.enable_auto_offset_store:
            return offsets_to_commit(self.shared.assigned)
        return {partition: one for partition, one in self.stored.items() if partition in self.shared.assigned}

    def commit_before_change(self, now: Millis, timeout_ms: Millis) -> int:
        """The automatic commit before partitions are given up; repeated until it is answered or the time is over."""
        self.auto_due_ms = now + self.shared.config.auto_commit_interval_ms
        offsets = self.consumed() if self.is_automatic else {}
        return self.commit(offsets, Style.AUTO, 0, now, timeout_ms)

    def commit_if_due(self, now: Millis) -> None:
        """The automatic commit of poll. It comes before records are handed over, so it never counts them."""
        if not self.is_automatic or now < self.auto_due_ms or self._is_auto_under_way():
            return
        self.auto_due_ms = now + self.shared.config.auto_commit_interval_ms
        self.commit(self.consumed(), Style.AUTO, 0, now)

    def is_done(self, number: int) -> bool:
        """Has that commit been answered, or given up?"""
        return number not in self._sent and all(one.number != number for one in self._waiting)

    @property
    def is_automatic(self) -> bool:
        """Does this consumer commit by itself?"""
        return self.shared.config.enable_auto_commit and bool(self.shared.config.group_id)

    def _is_auto_under_way(self) -> bool:
        return any(one.style == Style.AUTO for one in (*self._waiting, *self._sent.values()))

    # --- asking what is committed ---

    def ask_committed(self, partitions: tuple[TopicPartition, ...], ticket: int) -> None:
        """The application wants to know; the answer comes under the ticket."""
        self._wanted[ticket] = partitions

    def is_answered(self, ticket: int) -> bool:
        """Is the answer there?"""
        return ticket not in self._wanted

    def forget(self, ticket: int) -> dict[TopicPartition, tuple[Offset, int, ErrorCode]]:
        """Take the answer, or stop waiting for it."""
        self._wanted.pop(ticket, None)
        return self.shared.state.answers.pop(ticket, {})

    # --- what is due ---

    def advance(self, identity: Identity | None, in_rebalance: bool, now: Millis) -> list[Effect]:
        """Send what can be sent."""
        needed = [asked for asked in self._waiting if asked.not_before_ms <= now]
        lacking = tuple(name for name, one in self.shared.assigned.items() if one.need == Need.COMMITTED)
        effects: list[Effect] = []
        if (needed or lacking or self._wanted) and self.shared.config.group_id:
            effects += self.lookup.find(now)
        for commit in needed:
            effects += self._send(commit, identity, in_rebalance, now)
        if self.lookup.node is not None and now >= self._fetch_not_before_ms:
            effects += self._ask(lacking, 0, identity, now)
            for ticket, partitions in self._wanted.items():
                effects += self._ask(partitions, ticket, identity, now)
        return effects

    def _send(self, commit: Commit, identity: Identity | None, in_rebalance: bool, now: Millis) -> list[Effect]:
        refused = may_commit(identity, in_rebalance)
        if now >= commit.deadline_ms:
            refused = ErrorCode.REQUEST_TIMED_OUT
        if refused != ErrorCode.NONE:
            self._waiting.remove(commit)
            return self._failed(commit, refused)
        if self.lookup.node is None:
            return []
        assert identity is not None, "who may not commit was refused above"
        self._waiting.remove(commit)
        commit.under = identity
        self._sent[commit.number] = commit
        request = OffsetCommitRequest(
            self.lookup.group,
            identity.generation,
            identity.member_id,
            tuple(commit.offsets.values()),
            identity.instance_id,
        )
        effects: list[Effect] = []
        if not commit.told:
            commit.told = True
            told = facts.CommitSent(self.lookup.group, identity.generation, commit.pairs, commit.style == Style.AUTO)
            effects.append(Observe(told))
        return effects + self.shared.requests.send(self.lookup.node, request, now, COORDINATOR, commit.number)

    def _ask(
        self, partitions: tuple[TopicPartition, ...], ticket: int, identity: Identity | None, now: Millis
    ) -> list[Effect]:
        if not partitions or self.shared.requests.is_under_way(OffsetFetchRequest, ticket=ticket):
            return []
        assert self.lookup.node is not None, "asked only where a coordinator is known"
        member = identity if identity is not None and self.shared.config.group_protocol == "consumer" else NOBODY
        asked = OffsetFetchGroup(self.lookup.group, partitions, member.member_id or None, member.generation)
        # KIP-447: an offset inside an undecided transaction is not where to start.
        request = OffsetFetchRequest((asked,), require_stable=True)
        return self.shared.requests.send(self.lookup.node, request, now, COORDINATOR, ticket)

    # --- answers ---

    def committed(
        self, response: OffsetCommitResponse, asked: Asked, now: Millis
    ) -> tuple[list[Effect], Refusal | None]:
        """A commit was answered: (effects, what its refusal means to the membership)."""
        commit = self._sent.pop(asked.ticket, None)
        if commit is None:
            return [], None
        error = next((error for _, error in response.partitions if error != ErrorCode.NONE), ErrorCode.NONE)
        if error != ErrorCode.NONE:
            return self._refused(commit, error, now), Refusal(error, commit.under)
        self.shared.state.commits.append(CommitResult(commit.ticket, error, commit.pairs))
        return [Observe(facts.CommitAcknowledged(self.lookup.group, commit.pairs))], None

    def lost(self, asked: Asked, now: Millis) -> list[Effect]:
        """The connection went with the answer: the commit may be there or not."""
        commit = self._sent.pop(asked.ticket, None)
        return [] if commit is None else self._refused(commit, ErrorCode.NETWORK_EXCEPTION, now)

    def _refused(self, commit: Commit, error: ErrorCode, now: Millis) -> list[Effect]:
        if error in coordinator_lookup.MOVED or error == ErrorCode.REQUEST_TIMED_OUT:
            self.lookup.lost(now)
        backoff = self.shared.config.retry_backoff_ms
        if may_repeat(error, commit.repeats):
            commit.not_before_ms = now + backoff
            self._waiting.insert(0, commit)
            return []
        if commit.style == Style.AUTO and error.retriable:
            self.auto_due_ms = min(self.auto_due_ms, now + backoff)
        return self._failed(commit, error)

    def _failed(self, commit: Commit, error: ErrorCode) -> list[Effect]:
        self.shared.state.commits.append(CommitResult(commit.ticket, error, commit.pairs))
        return [Observe(facts.CommitFailed(self.lookup.group, error, commit.pairs))]

    def offsets_fetched(self, response: OffsetFetchResponse, asked: Asked, now: Millis) -> None:
        """What is committed: positions of partitions that had none, or the application's answer."""
        result = response.groups[0]
        if result.error in coordinator_lookup.MOVED:
            self.lookup.lost(now)
        again = result.error != ErrorCode.NONE or any(one.error.retriable for one in result.offsets)
        if again:
            self._fetch_not_before_ms = now + self.shared.config.retry_backoff_ms
        if asked.ticket:
            if not again and self._wanted.pop(asked.ticket, None) is not None:
                self.shared.state.answers[asked.ticket] = {
                    one.partition: (one.offset, one.leader_epoch, one.error) for one in result.offsets
                }
            return
        for one in result.offsets:
            if one.error == ErrorCode.NONE:
                self._take_position(one.partition, one.offset, one.leader_epoch)

    def _take_position(self, partition: TopicPartition, offset: Offset, epoch: Epoch) -> None:
        assigned = self.shared.assigned.get(partition)
        if assigned is None or assigned.need != Need.COMMITTED:
            return
        if offset < 0:
            self.positions.no_commit(partition)
            return
        assigned.move(offset, epoch)
        if epoch != NO_EPOCH:
            assigned.need = Need.VALIDATION  # KIP-320: the log may have been cut since it was committed.

    def next_due_ms(self, now: Millis) -> Millis | None:
        """When to try again, give up, or commit by itself."""
        times = [max(one.not_before_ms, now + 1) for one in self._waiting if one.not_before_ms > now]
        times += [one.deadline_ms for one in self._waiting]
        times.append(self._fetch_not_before_ms)
        if self.is_automatic and self.shared.polling and self.shared.assigned:
            times.append(self.auto_due_ms)
        return min((at for at in times if at > now), default=None)
