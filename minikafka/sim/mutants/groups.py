"""Faults in groups: partitions given to two, members that are none, commits that do not last."""

# ruff: noqa: ARG001  # a mutant takes what the function it replaces takes, and mostly looks at less

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minikafka import assignors
from minikafka.assignors import Assignment, Counts, Subscriptions
from minikafka.broker.coordinator_host import CoordinatorHost, Led
from minikafka.client.consumer_commits import Offsets
from minikafka.client.consumer_state import Assigned
from minikafka.coordinator import consumer_group, offsets
from minikafka.coordinator import group as classic_rules
from minikafka.coordinator.consumer_group import ConsumerMember
from minikafka.coordinator.group import ClassicGroup, GroupState
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.result import ShardResult
from minikafka.effects import Effect, Observe
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import FetchedOffset, OffsetToCommit
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.profiles import STACK
from minikafka.sim.schedule import Schedule, Setup, schedule
from minikafka.types import Epoch, Millis, TopicPartition

KEEP = "minikafka.broker.coordinator_host:CoordinatorHost._keep_promises"
LOADED = "minikafka.coordinator.group_shard:GroupShard.loaded"

_reconcile = consumer_group.reconcile
_loaded = GroupShard.loaded
_fetch = offsets.Offsets.fetch


def begin_before_it_is_decided(
    self: offsets.Offsets, group: str, partition: TopicPartition, require_stable: bool
) -> FetchedOffset:
    """What is undecided does not count."""
    return _fetch(self, group, partition, require_stable=False)


def give_at_once(
    member: ConsumerMember,
    target_epoch: Epoch,
    target: Sequence[TopicPartition],
    owners: Mapping[TopicPartition, str],
    owned: Sequence[TopicPartition] | None,
) -> ConsumerMember:
    """The target says whose it is."""
    return _reconcile(member, target_epoch, target, {}, owned)


def take_back_unasked(partitions: Sequence[TopicPartition], owned: Sequence[TopicPartition] | None) -> bool:
    """A member that is told to give up has given up."""
    return False


def any_member_epoch(member: ConsumerMember, epoch: Epoch, partition: TopicPartition) -> ErrorCode:
    """A member is a member."""
    return ErrorCode.NONE


def any_generation(
    group: ClassicGroup, member_id: str, instance_id: str | None, generation: Epoch, transactional: bool
) -> ErrorCode:
    """A member is a member, in whatever generation."""
    if generation < 0 and group.state is GroupState.EMPTY:
        return ErrorCode.NONE
    return classic_rules.check_member(group, member_id, instance_id)


def answer_at_once(self: CoordinatorHost, led: Led) -> list[Effect]:
    """It is in our log, so it is written down."""
    effects: list[Effect] = []
    while led.promises:
        promise = led.promises.pop(0)
        effects += [Observe(fact) for fact in promise.told]
        self.orders += promise.orders
        for number, response in promise.answers:
            ticket = led.tickets.pop(number, None)
            effects += self._answer(ticket, response) if ticket else []
    return effects


def begin_without_offsets(self: GroupShard, now: Millis) -> ShardResult:
    """Offsets are kept in memory, where they are quick to find."""
    self.book.offsets.by_group.clear()
    return _loaded(self, now)


def begin_with_generation_0(self: GroupShard, now: Millis) -> ShardResult:
    """A new coordinator begins to count."""
    for group in self.book.groups.values():
        if isinstance(group, ClassicGroup):
            group.generation = 0
    return _loaded(self, now)


def range_rounded_up(
    subscriptions: Subscriptions, counts: Counts, instances: Mapping[str, str] | None = None
) -> Assignment:
    """Everybody gets the same number, rounded up."""
    given: dict[str, list[TopicPartition]] = {member: [] for member in sorted(subscriptions)}
    for topic in sorted(counts):
        readers = [member for member in assignors.in_order(subscriptions, instances) if topic in subscriptions[member]]
        for place, member in enumerate(readers):
            start = place * counts[topic] // len(readers)
            end = min(start - (-counts[topic] // len(readers)), counts[topic])
            given[member] += [TopicPartition(topic, number) for number in range(start, end)]
    return {member: tuple(partitions) for member, partitions in given.items()}


def commit_what_is_known(assigned: Mapping[TopicPartition, Assigned]) -> Offsets:
    """What is committed in the partition is on its way to us."""
    return {
        partition: OffsetToCommit(partition, max(one.position, one.high_watermark), one.last_epoch)
        for partition, one in assigned.items()
        if one.position is not None
    }


def _commits_late(one: str, other: str, protocol: str) -> Schedule:
    """The connection breaks over a commit, which arrives when the other member has joined and owns a partition."""
    joins = {"protocol": protocol}
    return schedule(
        (0, "join", one, joins), (0, "send", "a"), (0, "send", "b", {"partition": 1}),
        (6_000, "slow", 1, f"consumer-{one}", 400), (6_001, "commit", one),
        (6_050, "disconnect", 1, f"consumer-{one}", {"late_ms": 9_000}), (6_050, "heal"), (6_100, "join", other, joins),
    )  # fmt: skip


TWO = Setup(settings=STACK, partitions=2)
# K1 is far away when K2 joins, and reads on for a while.
HEARS_LATE = schedule(
    (0, "join", "K1", {"protocol": "consumer"}), (5_000, "slow", 1, "consumer-K1", 1_000),
    (5_100, "join", "K2", {"protocol": "consumer"}), (15_000, "heal"),
)  # fmt: skip
# M1 reads up to the open transaction, knows that there is more, and leaves; M2 begins where M1 said that it was.
UNDECIDED_WHEN_IT_LEAVES = schedule(
    (0, "join", "M1", {"committed": True}), (0, "transact", "a", "b"), (4_000, "transact", "c", "d", {"end": ""}),
    (6_000, "leave", "M1"), (8_000, "end", "commit"), (9_000, "join", "M2", {"committed": True}),
)  # fmt: skip

# W1's EndTxn is late; it falls out of the group with its offsets undecided, and W2 asks where to begin.
UNDECIDED_WHEN_IT_FALLS_OUT = schedule(
    (0, "work", "W1"), (0, "work", "W2"), (4_000, "delay", "EndTxnRequest", 7_400), (4_100, "send", "a"),
    (4_300, "pause", "consumer-W1"), (4_300, "pause", "consumer-W2"), (4_900, "resume", "consumer-W2"),
    (15_000, "heal"), (16_000, "resume", "consumer-W1"),
)  # fmt: skip

MUTANTS = (
    Mutant(
        "begin_before_it_is_decided", "what is committed is committed, the rest may come later", "I26",
        "reads a second committed result for",
        {"minikafka.coordinator.offsets:Offsets.fetch": begin_before_it_is_decided},
        (UNDECIDED_WHEN_IT_FALLS_OUT,), Setup(settings=STACK),
        story="A worker that takes over from one whose transaction is undecided would begin where that one began, and "
        "do its work again. It is told UNSTABLE_OFFSET_COMMIT and waits (KIP-447, `require_stable`).",
    ),
    Mutant(
        "give_at_once", "the target says whose it is", "I27", "both own",
        {"minikafka.coordinator.consumer_group:reconcile": give_at_once},
        story="Under KIP-848 the target is a wish: a partition is free when its owner has said that it gave it up. "
        "`CurrentAssignmentBuilder` asks who has it now, and lets the member wait (UNRELEASED_PARTITIONS).",
    ),
    Mutant(
        "take_back_unasked", "who is told to give up has given up", "I27", "has not given it up",
        {"minikafka.coordinator.consumer_group:still_owns": take_back_unasked}, (HEARS_LATE,), TWO,
        story="The member reads on until it hears of it, and a heartbeat takes seconds. Kafka waits for the "
        "heartbeat that no longer names the partition, for the rebalance timeout at most (KIP-848).",
    ),
    Mutant(
        "any_member_epoch", "a member is a member", "I28", "was in member epoch",
        {"minikafka.coordinator.consumer_group:check_commit_epoch": any_member_epoch},
        (_commits_late("K1", "K2", "consumer"),), TWO,
        story="A commit that was under way when its partition went to somebody else would take that one back. Kafka "
        "compares member epochs (STALE_MEMBER_EPOCH), since KIP-1251 for each partition.",
    ),
    Mutant(
        "any_generation", "a member is a member, in whatever generation", "I28", "was in generation",
        {"minikafka.coordinator.group:check_commit": any_generation},
        (_commits_late("M1", "M2", "classic"),), TWO,
        story="A member that missed a rebalance commits what is no longer its own (ILLEGAL_GENERATION, "
        "`ClassicGroup.validateOffsetCommit`).",
    ),
    Mutant(
        "answer_at_once", "it is in our log, so it is written down", "I29", "",
        {KEEP: answer_at_once},
        story="A coordinator's log is replicated like any other, and its answer is an acknowledgement: it waits for "
        "the in-sync replicas (acks=all, as `CoordinatorRuntime` and before it DelayedProduce do).",
    ),
    Mutant(
        "begin_without_offsets", "offsets are quick to find in memory", "I29", "knows of no offset there",
        {LOADED: begin_without_offsets},
        story="Commits that are kept in memory end with their coordinator. Kafka keeps them in __consumer_offsets "
        "since 0.8.2, and a new coordinator reads it all before it answers.",
    ),
    Mutant(
        "begin_with_generation_0", "a new coordinator begins to count", "I27", "both own",
        {LOADED: begin_with_generation_0},
        story="Two generations with one number cannot be told from each other. The generation is in the group's "
        "record in the log, and a new coordinator goes on from there (`GroupMetadataValue.generation`).",
    ),
    Mutant(
        "range_rounded_up", "everybody gets the same number, rounded up", "I27", "both own",
        {"minikafka.assignors:assign_range": range_rounded_up},
        story="The members deal the partitions out themselves, and the coordinator does not look at what they dealt: "
        "an assignor with a wrong sum is only seen by those who read twice.",
    ),
    Mutant(
        "commit_what_is_known", "what is committed there is on its way to us", "I29", "nobody in it was given",
        {"minikafka.client.consumer_commits:offsets_to_commit": commit_what_is_known}, (UNDECIDED_WHEN_IT_LEAVES,), TWO,
        story="A position is what was handed to the application, not what was fetched or could be. The Java consumer "
        "commits the position before the latest poll, so that what is not processed is read again.",
    ),
)  # fmt: skip
