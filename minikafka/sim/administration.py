"""What administrators do in a schedule, through their client: records deleted, replicas moved, topics made and changed.

```
 delete_records(5)     everything below 5 may go        reassign(1, 2, 4)     the replicas are 1, 2 and 4 from now on
```

An answer is waited for by nobody: what a schedule asks for may well be refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.client.admin import AdminNode, Target
from minikafka.protocol.admin_messages import (
    SET,
    TOPIC_RESOURCE,
    AlterPartitionReassignmentsRequest,
    ConfigChange,
    CreateTopicsRequest,
    DeleteRecordsRequest,
    IncrementalAlterConfigsRequest,
    NewTopicSpec,
)
from minikafka.protocol.messages import Request
from minikafka.types import BrokerId, Offset, TopicPartition

if TYPE_CHECKING:
    from minikafka.sim.schedule import Run

ADMIN = "admin-1"


def delete_records(run: Run, offset: Offset, partition: int = 0) -> None:
    """Nobody needs what lies below an offset; -1: whatever is committed. Asked of the leader."""
    name = TopicPartition(run.setup.topic, partition)
    _ask(run, DeleteRecordsRequest(((name, offset),)), name)


def reassign(run: Run, *replicas: BrokerId, partition: int = 0) -> None:
    """These are to be the replicas of a partition."""
    name = TopicPartition(run.setup.topic, partition)
    _ask(run, AlterPartitionReassignmentsRequest(((name, replicas),)))


def administer(run: Run, what: str, topic: str, value: str = "") -> None:
    """`create` a topic with one partition on all replicas of the setup, or `set` how long it keeps its records."""
    if what == "create":
        _ask(run, CreateTopicsRequest((NewTopicSpec(topic, assignment=(run.setup.replicas,)),)))
    else:
        change = ConfigChange(TOPIC_RESOURCE, topic, "retention.ms", SET, value)
        _ask(run, IncrementalAlterConfigsRequest((change,), ((TOPIC_RESOURCE, topic),)))


def _ask(run: Run, request: Request, target: Target = None) -> None:
    node = run.sim.process(ADMIN)
    assert isinstance(node, AdminNode), "whoever made the topic is there"
    run.sim.call(ADMIN, type(request).__name__, lambda: node.ask(request, run.sim.now, target)[1])
