"""Faults in logs and their lists of epochs: damage that is believed, answers that leave the asker alone."""

# ruff: noqa: ARG001  # a mutant takes what the function it replaces takes, and mostly looks at less

from __future__ import annotations

from dataclasses import replace

from minikafka.broker.alter_partition import AlterPartitionManager
from minikafka.broker.isr import Follower
from minikafka.broker.partition import IsrProposal, Partition
from minikafka.log.leader_epochs import EpochEnd, Epochs, LeaderEpochs
from minikafka.protocol.controller_messages import AlterPartitionRequest, IsrMember
from minikafka.protocol.records import HEADER_SIZE, LOG_OVERHEAD, CorruptBatch, RecordBatch
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.profiles import QUICK
from minikafka.sim.schedule import Setup, schedule
from minikafka.types import Epoch, Offset

_alter_partition = AlterPartitionManager._request


def lengths_will_do(data: bytes, position: int) -> RecordBatch | None:
    """A batch that is long enough is whole."""
    if position + HEADER_SIZE > len(data):
        return None
    size = int.from_bytes(data[position + 8 : position + 12], "big") + LOG_OVERHEAD
    if position + size > len(data):
        return None
    try:
        return RecordBatch(data[position : position + size])
    except CorruptBatch:
        return None


def exact_epoch_only(epochs: Epochs, log_end: Offset, asked: Epoch) -> EpochEnd | None:
    """Of an epoch that we never had there is nothing to say."""
    starts = dict(epochs)
    if asked not in starts:
        return None
    later = [start for epoch, start in epochs if epoch > asked]
    return EpochEnd(asked, min(later, default=log_end))


def keep_all_epochs(self: LeaderEpochs, end_offset: Offset) -> None:
    """An epoch that was is an epoch."""
    return


def same_broker_same_log(follower: Follower) -> bool:
    """Broker 2 is broker 2."""
    return follower.active


def name_numbers_only(
    self: AlterPartitionManager, partition: Partition, proposal: IsrProposal, broker_epoch: Epoch
) -> AlterPartitionRequest:
    """And its number is all that the controller has to know of it."""
    request = _alter_partition(self, partition, proposal, broker_epoch)
    return replace(request, new_isr=tuple(IsrMember(member.broker_id) for member in request.new_isr))


# The leader asks for broker 2, which has caught up; before the controller reads it, 2 has lost its log with the power.
BACK_WITH_LESS = schedule(
    (0, "send", "a"), (0, "crash", 2), (5_000, "delay", "AlterPartitionRequest", 5_000), (5_000, "restart", 2),
    (7_000, "power_loss", 2), (7_000, "cut", 2, 1), (7_001, "restart", 2), (16_000, "heal"),
)  # fmt: skip

MUTANTS = (
    Mutant(
        "lengths_will_do", "a batch that is long enough is whole", "I13", "intact batches only up to",
        {"minikafka.log.segment:whole_batch_at": lengths_will_do},
        story="Recovery after a power loss checks the checksum of every batch (`LogSegment.recover`): a page that "
        "reached the disk with a wrong bit has the right length.",
    ),
    Mutant(
        "exact_epoch_only", "of an epoch that we never had there is nothing to say", "I30", "",
        {"minikafka.log.leader_epochs:end_of_epoch": exact_epoch_only},
        story="KIP-279: after two elections in a row a follower's last epoch may be one that its leader never had. "
        "The answer must name the largest epoch below it; before, logs could part for ever.",
    ),
    Mutant(
        "keep_all_epochs", "an epoch that was is an epoch", "I6", "",
        {"minikafka.log.leader_epochs:LeaderEpochs.truncate_to": keep_all_epochs},
        story="The list of epochs is cut with the log (KIP-101, `LeaderEpochFileCache.truncateFromEnd`); with "
        "entries of records that are gone a log says it holds what it does not.",
    ),
    Mutant(
        "same_broker_same_log", "broker 2 is broker 2", "I9", "but has nothing at",
        {
            "minikafka.broker.isr:is_eligible": same_broker_same_log,
            "minikafka.broker.alter_partition:AlterPartitionManager._request": name_numbers_only,
        },
        (BACK_WITH_LESS,), Setup(settings=QUICK),
        story="KIP-903: a broker that lost its disk with the power comes back under its number, and a leader that "
        "has not heard of it proposes it by what its former self had fetched. Leader and controller both look: either "
        "of them alone would do.",
    ),
)  # fmt: skip
