"""What a metadata record is about to change, said as facts.

Asked before the record is replayed, since a change is told with what was there before.

What we leave out: records that change nothing a reader would see.
"""

from __future__ import annotations

from minikafka.metadata.image import MetadataImage, PartitionRegistration, cleared_by, merge, registration_of
from minikafka.metadata.records import (
    TOPIC_SETTINGS,
    BrokerRegistrationChangeRecord,
    ClearElrRecord,
    ConfigRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    RemoveTopicRecord,
    TopicRecord,
    UnregisterBrokerRecord,
)
from minikafka.protocol import facts
from minikafka.types import NO_LEADER, Offset, TopicPartition


def facts_of(record: MetadataRecord, image: MetadataImage, offset: Offset) -> list[facts.Fact]:
    """The facts that replaying `record`, which stands at `offset`, makes true."""
    match record:
        case TopicRecord():
            return [facts.TopicCreated(record.topic, record.topic_id)]
        case RemoveTopicRecord():
            return [facts.TopicDeleted(record.topic, record.topic_id)]
        case PartitionRecord():
            partition = TopicPartition(record.topic, record.partition)
            return [_partition_changed(partition, None, registration_of(record), offset)]
        case PartitionChangeRecord():
            return [_changed(record, image, offset)]
        case ClearElrRecord():
            return [_changed(change, image, offset) for change in cleared_by(record, image)]
        case BrokerRegistrationChangeRecord(fenced=False):
            return [facts.BrokerUnfenced(record.broker_id)]
        case BrokerRegistrationChangeRecord(in_controlled_shutdown=True):
            return [facts.BrokerLeaving(record.broker_id)]
        case UnregisterBrokerRecord():
            return [facts.BrokerUnregistered(record.broker_id)]
        case ConfigRecord():
            return _configured(record, image, offset)
        case BrokerRegistrationChangeRecord() | RegisterBrokerRecord() | ProducerIdsRecord():
            return []


def _configured(record: ConfigRecord, image: MetadataImage, offset: Offset) -> list[facts.Fact]:
    """A setting that a topic is born with is part of its birth."""
    if record.resource_type == TOPIC_SETTINGS and not image.topics[record.resource_name].partitions:
        return []
    return [facts.ConfigChanged(record.resource_type, record.resource_name, record.name, record.value, offset)]


def _changed(record: PartitionChangeRecord, image: MetadataImage, offset: Offset) -> facts.Fact:
    partition = TopicPartition(record.topic, record.partition)
    old = image.partition(partition)
    assert old is not None, f"a change of {partition}, which does not exist"
    return _partition_changed(partition, old, merge(old, record), offset)


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
