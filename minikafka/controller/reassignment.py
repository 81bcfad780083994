"""Moving replicas to other brokers while they are read and written.

```
 replicas 1 2    ask for 3 4    →  replicas 3 4 1 2 · adding 3 4 · removing 1 2      3 and 4 begin to copy
 3 and 4 are in the ISR         →  replicas 3 4                                      the leader moves, 1 and 2 go
```

* Nothing is taken away before what is added is in sync: in between there are more copies, never fewer.
* Cancelling takes back what was being added; it is refused where only those are in sync.

Mirrors `ReplicationControlManager.alterPartitionReassignments`, `PartitionReassignmentReplicas` and
`PartitionReassignmentRevert`. What we leave out: directories of replicas.
"""

from __future__ import annotations

from minikafka.config import ServerConfig
from minikafka.controller import partition_change, replication_control
from minikafka.controller.partition_change import Assignment
from minikafka.coordinator.result import CoordinatorResult
from minikafka.metadata.image import MetadataImage, PartitionRegistration
from minikafka.metadata.records import MetadataRecord, PartitionChangeRecord
from minikafka.protocol.admin_messages import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
    OngoingReassignment,
)
from minikafka.protocol.errors import ErrorCode
from minikafka.types import BrokerId, TopicPartition

Ids = tuple[BrokerId, ...]
Verdict = tuple[ErrorCode, str | None]
FINE: Verdict = (ErrorCode.NONE, None)


def alter_reassignments(
    image: MetadataImage, config: ServerConfig, request: AlterPartitionReassignmentsRequest
) -> CoordinatorResult[MetadataRecord, AlterPartitionReassignmentsResponse]:
    """Begin reassignments, or (with None instead of replicas) cancel them; each partition has its own answer."""
    records: list[MetadataRecord] = []
    results = []
    for name, target in request.partitions:
        partition = image.partition(name)
        change: PartitionChangeRecord | None = None
        verdict: Verdict = (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "There is no such partition.")
        if partition is not None and target is None:
            verdict, change = _cancel(image, config, name, partition)
        elif partition is not None and target is not None:
            verdict, change = _begin(image, config, request, name, partition, target)
        results.append((name, *verdict))
        if change is not None:
            records.append(change)
    response = AlterPartitionReassignmentsResponse(ErrorCode.NONE, None, tuple(results))
    return CoordinatorResult(tuple(records), response)


def _begin(
    image: MetadataImage,
    config: ServerConfig,
    request: AlterPartitionReassignmentsRequest,
    name: TopicPartition,
    partition: PartitionRegistration,
    target: Ids,
) -> tuple[Verdict, PartitionChangeRecord | None]:
    known = set(target) <= image.brokers.keys()
    if not target or len(set(target)) < len(target) or not known:
        sentence = f"Replicas {target} do not fit the brokers {sorted(image.brokers)}."
        return (ErrorCode.INVALID_REPLICA_ASSIGNMENT, sentence), None
    staying = tuple(broker for broker in partition.replicas if broker not in partition.adding_replicas)
    if not request.allow_replication_factor_change and len(target) != len(staying):
        sentence = f"The replication factor is {len(staying)}; {len(target)} replicas would change it."
        return (ErrorCode.INVALID_REPLICATION_FACTOR, sentence), None
    rules = replication_control.election_rules(image, config, name.topic, image.active_brokers())
    change = partition_change.change_partition(
        name, partition, partition.isr, rules, assignment=towards(partition.replicas, target)
    )
    return FINE, change


def towards(current: Ids, target: Ids) -> Assignment:
    """Who holds copies on the way from `current` to `target`: the new ones first, then those that will go."""
    removing = tuple(sorted(set(current) - set(target)))
    return Assignment(target + removing, tuple(broker for broker in target if broker not in current), removing)


def _cancel(
    image: MetadataImage, config: ServerConfig, name: TopicPartition, partition: PartitionRegistration
) -> tuple[Verdict, PartitionChangeRecord | None]:
    if not partition.is_reassigning:
        return (ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, "Nothing is on the move."), None
    rules = replication_control.election_rules(image, config, name.topic, image.active_brokers())
    replicas = tuple(broker for broker in partition.replicas if broker not in partition.adding_replicas)
    isr = tuple(broker for broker in partition.isr if broker in replicas)
    if partition.isr and not isr and not rules.unclean_allowed:
        sentence = "Only replicas that are being added are in sync; without them records would be lost."
        return (ErrorCode.INVALID_REPLICA_ASSIGNMENT, sentence), None
    change = partition_change.change_partition(name, partition, isr, rules, assignment=Assignment(replicas))
    return FINE, change


def list_reassignments(
    image: MetadataImage, request: ListPartitionReassignmentsRequest
) -> CoordinatorResult[MetadataRecord, ListPartitionReassignmentsResponse]:
    """Which partitions are on the move; asked for some, those of them."""
    ongoing = [
        OngoingReassignment(name, partition.replicas, partition.adding_replicas, partition.removing_replicas)
        for name, partition in image.partitions()
        if partition.is_reassigning and (request.partitions is None or name in request.partitions)
    ]
    return CoordinatorResult((), ListPartitionReassignmentsResponse(ErrorCode.NONE, tuple(ongoing)))
