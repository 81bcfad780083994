"""Faults around disks and numbers: what recovery keeps, what a refused write leaves behind, whose epoch is whose."""

# ruff: noqa: ARG001  # a mutant takes what the function it replaces takes, and mostly looks at less

from __future__ import annotations

from dataclasses import replace

from minikafka.broker.partition import Partition
from minikafka.disk import StorageError
from minikafka.log.partition_log import PartitionLog
from minikafka.log.segment import Segment
from minikafka.metadata import image
from minikafka.metadata.image import MetadataImage, PartitionRegistration
from minikafka.metadata.records import PartitionChangeRecord
from minikafka.protocol import facts
from minikafka.protocol.controller_messages import BrokerRegistrationRequest
from minikafka.protocol.records import RecordBatch
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.schedule import schedule
from minikafka.types import BrokerId, Epoch, Millis

_merge = image.merge
_recover = Segment.recover
_append = PartitionLog.append_as_leader


def who_comes_back_is_whole(image: MetadataImage, request: BrokerRegistrationRequest) -> bool:
    """A broker that was the last in sync has everything, however it went down."""
    return False


def same_epoch_for_the_next(old: PartitionRegistration, change: PartitionChangeRecord) -> PartitionRegistration:
    """The log goes on, so its epoch does: another leader needs no other number."""
    return replace(_merge(old, change), leader_epoch=old.leader_epoch)


def take_every_answer(
    self: Partition, members: tuple[BrokerId, ...], partition_epoch: Epoch, now: Millis
) -> list[facts.Fact]:
    """The controller has answered, so that is how it is."""
    self.partition_epoch = partition_epoch
    self.proposal = None
    return self._adopt(members) + self.advance(now)


def cut_the_last_batch(self: Segment) -> list[RecordBatch]:
    """The last batch may be torn; better without it."""
    batches = _recover(self)
    if not batches:
        return []
    self.truncate_to(batches[-1].base_offset)
    return batches[:-1]


def count_before_writing(self: PartitionLog, batch: RecordBatch, leader_epoch: Epoch) -> RecordBatch:
    """First the number, then the disk: in the end both have it."""
    try:
        return _append(self, batch, leader_epoch)
    except StorageError:
        self.log_end_offset += batch.next_offset - batch.base_offset
        raise


# Broker 2 keeps x, broker 1 loses it with its power while it is the last in sync, and is back first.
LAST_IN_SYNC = schedule(
    (0, "crash", 3), (12_000, "send", "x"), (12_500, "crash", 2), (24_000, "power_loss", 1), (36_000, "restart", 1),
)  # fmt: skip
# The controller's answer to broker 1 is late; meanwhile more has changed, and broker 1 has read of it.
LATE_ANSWER = tuple(
    schedule(
        (0, "cut", 3, "brokers"), (100, "send", "w"), (50_000, "heal"),
        (50_001, "delay", "AlterPartitionResponse", late_ms),
        (51_000, "crash", 2), (80_000, "heal"),
    )
    for late_ms in (12_000, 15_000)
)  # fmt: skip
FULL = schedule((0, "send", "a"), (100, "fill_disk", 1), (200, "send", "b"), (5_000, "free_disk", 1))
CRASHED = schedule((0, "send", "a"), (1_000, "send", "b"), (3_000, "crash", 2), (4_000, "restart", 2))

MUTANTS = (
    Mutant(
        "who_comes_back_is_whole", "who was last in sync has everything", "I12", "lost power as the last of the ISR",
        {"minikafka.controller.cluster_control:is_unclean_shutdown": who_comes_back_is_whole}, (LAST_IN_SYNC,),
    ),
    Mutant(
        "same_epoch_for_the_next", "the log goes on, so its epoch does", "I17",
        "Epoch 0 of orders-0 belongs to broker 1",
        {"minikafka.metadata.image:merge": same_epoch_for_the_next}, (schedule((0, "crash", 1)),),
    ),
    Mutant(
        "take_every_answer", "the controller has answered, so that is how it is", "I17", "Broker 1 went from",
        {"minikafka.broker.partition:Partition.proposal_accepted": take_every_answer}, LATE_ANSWER,
    ),
    Mutant(
        "cut_the_last_batch", "the last batch may be torn", "I13", "though its disk holds intact batches up to 2",
        {"minikafka.log.segment:Segment.recover": cut_the_last_batch}, (CRASHED,),
    ),
    Mutant(
        "count_before_writing", "in the end both have it", "I14", "The disk of broker 1 refused a write",
        {"minikafka.log.partition_log:PartitionLog.append_as_leader": count_before_writing}, (FULL,),
    ),
)  # fmt: skip
