"""What a metadata record is about to change, said as facts.

Asked before the record is replayed, since a change is told with what was there before.
"""

from __future__ import annotations

from minikafka.metadata.image import MetadataImage, PartitionRegistration, merge
from minikafka.metadata.records import (
    BrokerRegistrationChangeRecord,
    ConfigRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    RegisterBrokerRecord,
    TopicRecord,
)
from minikafka.protocol import facts
from minikafka.types import NO_LEADER, Offset, TopicPartition


def facts_of(record: MetadataRecord, image: MetadataImage, offset: Offset) -> list[facts.Fact]:
    """The facts that replaying `record`, which stands at `offset`, makes true."""
    match record:
        case TopicRecord():
            return [facts.TopicCreated(record.topic, record.topic_id)]
        case PartitionRecord():
            partition = TopicPartition(record.topic, record.partition)
            new = PartitionRegistration(
                record.replicas, record.isr, record.leader, record.leader_epoch, record.partition_epoch
            )
            return [_partition_changed(partition, None, new, offset)]
        case PartitionChangeRecord():
            partition = TopicPartition(record.topic, record.partition)
            old = image.partition(partition)
            assert old is not None, f"a change of {partition}, which does not exist"
            return [_partition_changed(partition, old, merge(old, record), offset)]
        case BrokerRegistrationChangeRecord(fenced=False):
            return [facts.BrokerUnfenced(record.broker_id)]
        case BrokerRegistrationChangeRecord() | RegisterBrokerRecord() | ConfigRecord():
            return []


def _partition_changed(
    partition: TopicPartition, old: PartitionRegistration | None, new: PartitionRegistration, offset: Offset
) -> facts.PartitionChanged:
    return facts.PartitionChanged(
        partition=partition,
        replicas=new.replicas,
        leader=new.leader,
        leader_epoch=new.leader_epoch,
        isr=new.isr,
        elr=new.elr,
        last_known_leader=NO_LEADER if new.last_known_leader is None else new.last_known_leader,
        partition_epoch=new.partition_epoch,
        old_leader=NO_LEADER if old is None else old.leader,
        old_leader_epoch=-1 if old is None else old.leader_epoch,
        old_isr=() if old is None else old.isr,
        old_elr=() if old is None else old.elr,
        recovering=new.recovering,
        metadata_offset=offset,
    )
