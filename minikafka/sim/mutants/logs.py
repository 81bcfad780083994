"""Faults in logs and their lists of epochs: damage that is believed, answers that leave the asker alone."""

# ruff: noqa: ARG001  # a mutant takes what the function it replaces takes, and mostly looks at less

from __future__ import annotations

from minikafka.broker.isr import Follower
from minikafka.log.leader_epochs import EpochEnd, Epochs, LeaderEpochs
from minikafka.protocol.records import HEADER_SIZE, LOG_OVERHEAD, CorruptBatch, RecordBatch
from minikafka.sim.mutants.mutant import Mutant
from minikafka.types import Epoch, Offset


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
        "same_broker_same_log", "broker 2 is broker 2", "I9", "",
        {"minikafka.broker.isr:is_eligible": same_broker_same_log},
        story="KIP-903: a broker that lost its disk with the power comes back under its number, and a leader that "
        "has not heard of it proposes it by what its former self had fetched.",
    ),
)  # fmt: skip
