"""Faults in how replicas follow: epochs that nobody compares, cuts at the wrong place, newcomers let in too soon."""

# ruff: noqa: ARG001  # a mutant takes what the function it replaces takes, and mostly looks at less

from __future__ import annotations

from minikafka.broker.isr import Follower, Leader
from minikafka.broker.partition import Partition
from minikafka.log.leader_epochs import Cut, EpochEnd, Epochs
from minikafka.log.partition_log import PartitionLog
from minikafka.metadata.image import PartitionRegistration
from minikafka.protocol import facts
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.schedule import Setup, schedule
from minikafka.types import Epoch, Offset

EPOCH_CHECK = "minikafka.broker.fencing:check_leader_epoch"
JOIN = "minikafka.broker.isr:may_join"

_follow = Partition._follow


def no_epoch_check(request_epoch: Epoch, local_epoch: Epoch, is_leader: bool, leader_only: bool) -> str:
    """Who leads answers, whatever the other side believes."""
    return "NOT_LEADER_OR_FOLLOWER" if leader_only and not is_leader else "NONE"


def newer_is_fine(request_epoch: Epoch, local_epoch: Epoch, is_leader: bool, leader_only: bool) -> str:
    """Only old epochs are dangerous."""
    if 0 <= request_epoch < local_epoch:
        return "FENCED_LEADER_EPOCH"
    return "NOT_LEADER_OR_FOLLOWER" if leader_only and not is_leader else "NONE"


def cut_to_mark_when_following(self: Partition, registration: PartitionRegistration) -> list[facts.Fact]:
    """Before KIP-101: a new follower drops everything that it does not know to be committed."""
    told = _follow(self, registration)
    was_end = self.log.log_end_offset
    if told and self.log.truncate_to(self.log.high_watermark):
        told.append(facts.LogTruncated(self.name, self.log.log_end_offset, was_end))
    return told


def never_diverges(self: PartitionLog, last_fetched_epoch: Epoch, fetch_offset: Offset) -> EpochEnd | None:
    """Equal lengths are equal logs."""
    return None


def cut_everything(own_epochs: Epochs, own_end: Offset, high_watermark: Offset, answer: EpochEnd | None) -> Cut:
    """Better to start the last epoch again than to keep something wrong."""
    return Cut(own_epochs[-1][1] if own_epochs else 0, True)


def cut_nothing(own_epochs: Epochs, own_end: Offset, high_watermark: Offset, answer: EpochEnd | None) -> Cut:
    """A log only grows."""
    return Cut(own_end, True)


def join_at_the_mark(leader: Leader, follower: Follower) -> bool:
    """The high watermark is all that is committed, so it is enough to reach it."""
    return (
        not leader.change_in_flight
        and follower.id not in leader.isr
        and follower.log_end_offset >= leader.high_watermark
        and follower.active
        and follower.fetch_broker_epoch == follower.known_broker_epoch
    )


def join_at_once(leader: Leader, follower: Follower) -> bool:
    """It fetches, so it is in sync."""
    return not leader.change_in_flight and follower.id not in leader.isr and follower.active


def join_never(leader: Leader, follower: Follower) -> bool:
    """Who fell behind once is not trusted again."""
    return False


ZOMBIE = ((0, "send", "a"), (500, "cut", 1, "controllers"))
# Broker 1 loses its office without knowing, keeps x and y for itself, and comes back to another x.
DIVERGED = schedule(
    *ZOMBIE, (11_000, "send", "x", {"acks": "1"}), (11_500, "send", "b", {"producer": "B", "to": 2}), (13_000, "heal"),
    (14_000, "send", "c", {"producer": "B", "to": 2}),
)  # fmt: skip
# A record every 100 ms while the office changes hands: one of them is committed, and broker 3 has not heard of it yet.
UNTIL_ELECTED = schedule(
    (500, "cut", 1, "controllers"),
    *((at_ms, "send", f"r{at_ms}") for at_ms in range(7_050, 10_500, 100)),
    (15_000, "heal"),
)
# Brokers 1, 2, 1 lead in turn; a fetch of broker 3 meant for the first term comes in the third.
READER_KNOWS_BETTER = schedule(*ZOMBIE, (11_000, "ask", 1, 0, 1))
READER_IS_LATE = schedule(*ZOMBIE, (11_000, "ask", 2, 0, 0))
# Broker 3 is out, though alive, while b is committed. The new leader's mark is from before b: broker 3 reaches that.
STALE_MARK = tuple(
    schedule(
        (0, "send", "a"), (600, "cut", 3, "controllers"), (11_000, "heal"), (11_000, "cut", 3, "brokers"),
        (12_000, "send", "b"), (12_010, "crash", 1), (24_000, "heal"), (cut_ms, "cut", 2, 3), (30_000, "heal"),
    )
    for cut_ms in range(24_001, 24_008)
)  # fmt: skip
# One batch with each fetch, so that catching up takes its time.
SHORT_RETURN = schedule(
    (0, "cut", 3, "brokers"), (100, "send", "a"), *((50_000 + at_ms, "send", f"b{at_ms}") for at_ms in range(20)),
    (52_000, "heal"),
)  # fmt: skip
SLOW_FETCHES = Setup(settings=(("replica.fetch.max.bytes", "1"),))
BACK_AGAIN = schedule((0, "crash", 3), (15_000, "restart", 3))

MUTANTS = (
    Mutant(
        "no_epoch_check", "who leads answers", "I8", "which had said that it is in epoch 0",
        {EPOCH_CHECK: no_epoch_check}, (READER_IS_LATE,),
    ),
    Mutant(
        "newer_is_fine", "only old epochs are dangerous", "I8", "Broker 1, in epoch 0, served consumer-C",
        {EPOCH_CHECK: newer_is_fine}, (READER_KNOWS_BETTER,),
    ),
    Mutant(
        "cut_to_mark_when_following", "the high watermark is all that is committed (Kafka before KIP-101)", "I6",
        "Broker 3 dropped r",
        {"minikafka.broker.partition:Partition._follow": cut_to_mark_when_following}, (UNTIL_ELECTED,),
    ),
    Mutant(
        "never_diverges", "equal lengths are equal logs", "I5",
        "Broker 1 has high watermark 2 and x of epoch 0 at offset 1.",
        {"minikafka.log.partition_log:PartitionLog.divergence": never_diverges}, (DIVERGED,),
    ),
    Mutant(
        "cut_everything", "better to start the last epoch again", "I6", "Broker 1 dropped a at offset 0",
        {"minikafka.log.leader_epochs:truncation_step": cut_everything}, (DIVERGED,),
    ),
    Mutant(
        "cut_nothing", "a log only grows", "I30", "broker 1 runs, but is not in the ISR",
        {"minikafka.log.leader_epochs:truncation_step": cut_nothing}, (DIVERGED,),
    ),
    Mutant(
        "join_at_the_mark", "the high watermark is all that is committed", "I9", "Broker 3 joined the ISR of leader 2",
        {JOIN: join_at_the_mark}, STALE_MARK,
    ),
    Mutant(
        "join_at_once", "it fetches, so it is in sync", "I9", "Broker 3 joined the ISR of leader 1",
        {JOIN: join_at_once}, (SHORT_RETURN,), SLOW_FETCHES,
    ),
    Mutant(
        "join_never", "who fell behind once is not trusted again", "I30", "broker 3 runs, but is not in the ISR",
        {JOIN: join_never}, (BACK_AGAIN,),
    ),
)  # fmt: skip
