"""A classic consumer group: who is in it, in which generation, and what each state allows.

The problem: many consumers share the partitions of a topic, and any of them may come, go or fall silent. The idea: time
is cut into *generations*. All members meet (JoinGroup), one of them deals the partitions out, all receive theirs
(SyncGroup), and whoever missed that is told so at the next thing it says.

```
          join                     all have joined             the leader brings the assignment
 Empty ─────────▶ PreparingRebalance ─────────▶ CompletingRebalance ─────────▶ Stable
   ▲                │    ▲                            │                         │
   └── nobody left ─┘    └──── join, leave, silence ──┴─────────────────────────┘
```

* A member is a member of one generation. With an older one it may say nothing that counts (I28).
* Generation, members and assignment are written to the log when the leader brings the assignment; before that they live
  in memory only, and a new coordinator finds the group as it was in its last Stable generation.
* A static member (group.instance.id) is known by its instance id: a new process under the same one takes its place, and
  the old process is fenced.

Mirrors `ClassicGroup` and `ClassicGroupMember`. What moves it: `joining.py`, `syncing.py`. What we leave out: protocol
types other than those whose members describe themselves in bytes we need not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from minikafka.coordinator.group_records import GroupMetadataValue, StoredMember
from minikafka.protocol import consumer_protocol, facts
from minikafka.protocol.errors import ErrorCode
from minikafka.types import Epoch, Millis, TopicPartition

CONSUMER_PROTOCOL_TYPE = "consumer"


class GroupState(Enum):
    """Where a classic group stands."""

    EMPTY = "Empty"
    """No members; committed offsets may be left."""
    PREPARING_REBALANCE = "PreparingRebalance"
    """Members are called together: joins wait, heartbeats are told to join."""
    COMPLETING_REBALANCE = "CompletingRebalance"
    """The next generation has begun, and waits for its assignment."""
    STABLE = "Stable"
    """Everybody reads."""
    DEAD = "Dead"
    """Deleted."""


VALID_PREVIOUS_STATES: Mapping[GroupState, Mapping[GroupState, str]] = {
    GroupState.EMPTY: {GroupState.PREPARING_REBALANCE: "nobody is left when the join phase ends"},
    GroupState.PREPARING_REBALANCE: {
        GroupState.EMPTY: "a first member joins",
        GroupState.COMPLETING_REBALANCE: "a member joins, leaves or falls silent before the assignment is there",
        GroupState.STABLE: "a member joins, leaves, falls silent or subscribes anew",
    },
    GroupState.COMPLETING_REBALANCE: {GroupState.PREPARING_REBALANCE: "all have joined, or the rest is left behind"},
    GroupState.STABLE: {GroupState.COMPLETING_REBALANCE: "the leader brings the assignment"},
    GroupState.DEAD: {
        GroupState.EMPTY: "deleted, or expired with its last offset",
    },
}
"""For each state those it may come from, and what brings it about (`ClassicGroupState`)."""


@dataclass(slots=True)
class Member:
    """One member of a classic group."""

    member_id: str
    group_instance_id: str | None
    client_id: str
    client_host: str
    rebalance_timeout_ms: Millis
    session_timeout_ms: Millis
    protocols: tuple[tuple[str, bytes], ...]
    """(assignor name, subscription), the preferred one first."""
    assignment: bytes = b""
    join_ticket: int = 0
    """Its JoinGroup that waits; 0: none."""
    sync_ticket: int = 0
    """Its SyncGroup that waits; 0: none."""
    is_new: bool = False
    """Has not seen a generation begin yet."""
    deadline_ms: Millis = 0
    """Silent until then, it is expelled."""
    watch_ms: Millis = -1
    """When the timer that watches the deadline comes; -1: none is set."""

    @property
    def waits(self) -> bool:
        """Waiting for the coordinator is no silence, unless it never saw a generation (`hasSatisfiedHeartbeat`)."""
        return not self.is_new and bool(self.join_ticket or self.sync_ticket)

    def metadata_for(self, protocol: str) -> bytes:
        """What it said about itself for this protocol."""
        return dict(self.protocols).get(protocol, b"")


@dataclass(slots=True)
class ClassicGroup:
    """A classic group as its coordinator has it."""

    group_id: str
    state: GroupState = GroupState.EMPTY
    since_ms: Millis = -1
    """When it entered its state, as far as written down; -1: no state was ever written."""
    generation: Epoch = 0
    protocol_type: str = ""
    """Empty for a group that only has committed offsets (a simple group)."""
    protocol: str = ""
    leader: str = ""
    members: dict[str, Member] = field(default_factory=dict)
    """In the order in which they joined."""
    pending: dict[str, Millis] = field(default_factory=dict)
    """Member ids handed out with MEMBER_ID_REQUIRED that have not joined, and until when they may."""
    pending_sync: dict[str, None] = field(default_factory=dict)
    """Members of this generation that have not asked for their assignment yet."""
    was_empty: bool = False
    """This join phase began with nobody in the group, and waits out the initial delay."""
    grew: bool = False
    """A member joined during the current piece of the initial delay."""
    delay_left_ms: Millis = 0
    """How much longer an empty group may wait for more members."""
    round: int = 0
    """Number of the join phase's newest timer."""

    @property
    def rebalance_timeout_ms(self) -> Millis:
        """How long a join phase waits: the longest that any member asks for."""
        return max([member.rebalance_timeout_ms for member in self.members.values()], default=0)

    @property
    def uses_consumer_protocol(self) -> bool:
        """Are the members consumers, whose subscriptions we can read?"""
        return self.protocol_type == CONSUMER_PROTOCOL_TYPE

    def static_member(self, instance_id: str) -> Member | None:
        """The member that has this instance id."""
        return next((one for one in self.members.values() if one.group_instance_id == instance_id), None)

    def transition(self, state: GroupState) -> facts.Fact:
        """Enter another state; the table above says whether that may be."""
        assert self.state in VALID_PREVIOUS_STATES[state], f"{self.group_id}: {self.state} → {state}"
        self.state = state
        return self.changed()

    def changed(self) -> facts.Fact:
        """How it stands now, as a fact."""
        return facts.GroupChanged(
            self.group_id, self.state.value, self.generation, self.protocol, self.leader, tuple(self.members)
        )

    def subscribed_topics(self) -> frozenset[str] | None:
        """Topics that some member reads in this generation; None when that cannot be told."""
        if not self.uses_consumer_protocol:
            return None
        found: set[str] = set()
        for member in self.members.values():
            topics = subscribed_topics(member.metadata_for(self.protocol))
            if topics is None:
                return None
            found.update(topics)
        return frozenset(found)

    def stored(self, now: Millis, assignments: Mapping[str, bytes]) -> GroupMetadataValue:
        """This generation as it is written down, with these assignments."""
        members = tuple(
            StoredMember(
                one.member_id, one.group_instance_id, one.client_id, one.client_host, one.rebalance_timeout_ms,
                one.session_timeout_ms, one.metadata_for(self.protocol), assignments.get(one.member_id, b""),
            )
            for one in self.members.values()
        )  # fmt: skip
        return GroupMetadataValue(
            self.protocol_type, self.generation, self.protocol or None, self.leader or None, now, members
        )

    def replay(self, value: GroupMetadataValue) -> None:
        """Take over what is written down; what lives in memory only stays with the members that it is about."""
        known = self.members
        self.protocol_type, self.generation = value.protocol_type, value.generation
        self.protocol, self.leader = value.protocol or "", value.leader or ""
        self.since_ms = value.current_state_timestamp_ms
        self.members = {one.member_id: _remembered(one, self.protocol, known) for one in value.members}
        self.pending_sync = {one: None for one in self.pending_sync if one in self.members}
        self.state = GroupState.STABLE if self.members else GroupState.EMPTY


def _remembered(stored: StoredMember, protocol: str, known: Mapping[str, Member]) -> Member:
    member = known.get(stored.member_id)
    if member is None:
        member = Member(
            stored.member_id, stored.group_instance_id, stored.client_id, stored.client_host,
            stored.rebalance_timeout_ms, stored.session_timeout_ms, ((protocol, stored.subscription),),
        )  # fmt: skip
    member.assignment = stored.assignment
    member.sync_ticket = 0
    return member


# --- decisions ---


def check_member(group: ClassicGroup, member_id: str, instance_id: str | None) -> ErrorCode:
    """Is this one of the members? (`ClassicGroup.validateMember`)."""
    if instance_id is not None:
        static = group.static_member(instance_id)
        if static is None:
            return ErrorCode.UNKNOWN_MEMBER_ID
        if static.member_id != member_id:
            # KIP-345: another process has taken over this instance id.
            return ErrorCode.FENCED_INSTANCE_ID
    return ErrorCode.NONE if member_id in group.members else ErrorCode.UNKNOWN_MEMBER_ID


def check_commit(
    group: ClassicGroup, member_id: str, instance_id: str | None, generation: Epoch, transactional: bool
) -> ErrorCode:
    """May these offsets be written down? (`ClassicGroup.validateOffsetCommit`, I28)."""
    if group.state is GroupState.DEAD:
        return ErrorCode.COORDINATOR_NOT_AVAILABLE
    if generation < 0 and group.state is GroupState.EMPTY:
        return ErrorCode.NONE  # a consumer without a group membership, or an admin
    if generation >= 0 or member_id or instance_id is not None:
        error = check_member(group, member_id, instance_id)
        if error != ErrorCode.NONE:
            return error
        if generation != group.generation:
            return ErrorCode.ILLEGAL_GENERATION
    elif not transactional:
        return ErrorCode.UNKNOWN_MEMBER_ID
    if not transactional and group.state is GroupState.COMPLETING_REBALANCE:
        # It has been told of the new generation, but not of what it owns there.
        return ErrorCode.REBALANCE_IN_PROGRESS
    return ErrorCode.NONE


def supports_protocols(group: ClassicGroup, protocol_type: str, protocols: Sequence[tuple[str, bytes]]) -> bool:
    """Could a member with these protocols be in the group? One of them must be known to everybody."""
    if group.state is GroupState.EMPTY:
        return bool(protocol_type) and bool(protocols)
    offered = {name for name, _ in protocols}
    return protocol_type == group.protocol_type and bool(offered & common_protocols(list(group.members.values())))


def has_room(group: ClassicGroup, member_id: str, group_max_size: int) -> bool:
    """group.max.size: old members first, newcomers as long as there are places (`acceptJoiningMember`)."""
    known = group.members.get(member_id)
    match group.state:
        case GroupState.EMPTY | GroupState.DEAD:
            return True
        case GroupState.PREPARING_REBALANCE:
            joined = sum(1 for member in group.members.values() if member.join_ticket)
            return (known is not None and bool(known.join_ticket)) or joined < group_max_size
    return known is not None or len(group.members) < group_max_size


def common_protocols(members: Sequence[Member]) -> set[str]:
    """What every member supports."""
    if not members:
        return set()
    return set.intersection(*({name for name, _ in member.protocols} for member in members))


def vote_protocol(members: Sequence[Member]) -> str:
    """Each member votes for its first protocol that all support; most votes win, and the first name among equals."""
    candidates = common_protocols(members)
    votes = dict.fromkeys(sorted(candidates), 0)
    for member in members:
        votes[next(name for name, _ in member.protocols if name in candidates)] += 1
    return max(votes, key=lambda name: votes[name])


def subscribed_topics(metadata: bytes) -> tuple[str, ...] | None:
    """The topics in a consumer's subscription, None when the bytes are something else."""
    try:
        return consumer_protocol.unpack_subscription(metadata).topics
    except consumer_protocol.MalformedBytes:
        return None


def same_protocols(member: Member, protocols: Sequence[tuple[str, bytes]]) -> bool:
    """Does a member that joins again say what it said before? (`ClassicGroupMember.matches`)."""
    return member.protocols == tuple(protocols)


def assigned_partitions(assignment: bytes) -> tuple[TopicPartition, ...]:
    """The partitions in a consumer's assignment; none when the bytes are something else."""
    try:
        return consumer_protocol.unpack_assignment(assignment).partitions
    except consumer_protocol.MalformedBytes:
        return ()
