"""The groups of one shard by name, whatever their kind, and their offsets.

What we leave out: share and streams groups.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from minikafka.coordinator import group_records
from minikafka.coordinator.consumer_group import ConsumerGroup
from minikafka.coordinator.group import ClassicGroup
from minikafka.coordinator.group_records import (
    ConsumerGroupMetadataKey,
    ConsumerGroupTargetAssignmentMetadataKey,
    GroupMetadataKey,
)
from minikafka.coordinator.offsets import Offsets
from minikafka.coordinator.result import KeyedRecord


@dataclass(slots=True)
class GroupBook:
    """All groups of one shard."""

    groups: dict[str, ClassicGroup | ConsumerGroup] = field(default_factory=dict)
    offsets: Offsets = field(default_factory=Offsets)

    def classic(self, name: str) -> ClassicGroup | None:
        """The classic group of this name."""
        group = self.groups.get(name)
        return group if isinstance(group, ClassicGroup) else None

    def consumer(self, name: str) -> ConsumerGroup | None:
        """The KIP-848 group of this name. One that was never written down is none."""
        group = self.groups.get(name)
        return group if isinstance(group, ConsumerGroup) and group.group_epoch > 0 else None

    def known(self, name: str) -> ClassicGroup | ConsumerGroup | None:
        """The group of this name."""
        return self.classic(name) or self.consumer(name)

    def opened_consumer_group(self, name: str) -> ConsumerGroup:
        """The KIP-848 group of this name, a blank one in place of anything else."""
        group = self.groups.get(name)
        if not isinstance(group, ConsumerGroup):
            group = self.groups[name] = ConsumerGroup(name)
        return group

    def forget_empty_consumer_group(self, name: str) -> list[KeyedRecord]:
        """What takes an empty KIP-848 group out of the log, so that a classic one may have its name."""
        if self.consumer(name) is None:
            return []
        keys = (ConsumerGroupTargetAssignmentMetadataKey(name), ConsumerGroupMetadataKey(name))
        return [group_records.record(key, None) for key in keys]

    def tombstones(self, name: str) -> list[KeyedRecord]:
        """What takes an empty group out of the log; its offsets apart."""
        if self.consumer(name) is not None:
            return self.forget_empty_consumer_group(name)
        return [group_records.record(GroupMetadataKey(name), None)]
