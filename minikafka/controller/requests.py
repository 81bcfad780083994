"""What the active controller is asked, and who decides: one place where every request meets its decision.

```
 request + image + who was heard of  ─▶  decide  ─▶  records + answer      nothing has happened yet
```

* A decision reads and returns; it changes nothing. The records are appended, replayed, and answered when committed.
* It reads the image *with* the records that are appended and not yet committed: two decisions in a row must not both
  give away the same thing.

Mirrors the `ControllerApis` door of `QuorumController`. What we leave out: ACLs, quotas, feature updates.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from minikafka.config import ServerConfig
from minikafka.controller import (
    cluster_control,
    config_control,
    leader_control,
    producer_ids,
    reassignment,
    replication_control,
    topic_control,
)
from minikafka.controller.heartbeats import Heartbeats
from minikafka.coordinator.result import CoordinatorResult
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import MetadataRecord
from minikafka.protocol import facts
from minikafka.protocol.admin_messages import (
    AlterPartitionReassignmentsRequest,
    CreatePartitionsRequest,
    CreateTopicsRequest,
    DeleteTopicsRequest,
    ElectLeadersRequest,
    IncrementalAlterConfigsRequest,
    ListPartitionReassignmentsRequest,
    UnregisterBrokerRequest,
)
from minikafka.protocol.controller_messages import (
    AlterPartitionRequest,
    AlterPartitionResponse,
    BrokerHeartbeatRequest,
    BrokerHeartbeatResponse,
    BrokerRegistrationRequest,
)
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Response
from minikafka.protocol.transaction_messages import AllocateProducerIdsRequest
from minikafka.types import Epoch, Millis, Offset

ControllerRequest: TypeAlias = (
    BrokerRegistrationRequest
    | BrokerHeartbeatRequest
    | AlterPartitionRequest
    | AllocateProducerIdsRequest
    | CreateTopicsRequest
    | CreatePartitionsRequest
    | DeleteTopicsRequest
    | ElectLeadersRequest
    | AlterPartitionReassignmentsRequest
    | ListPartitionReassignmentsRequest
    | IncrementalAlterConfigsRequest
    | UnregisterBrokerRequest
)
"""What the active controller answers; fetches and votes belong to the quorum."""

Result: TypeAlias = CoordinatorResult[MetadataRecord, Response]


class ControllerState(NamedTuple):
    """All that a decision may look at."""

    image: MetadataImage
    config: ServerConfig
    heartbeats: Heartbeats
    next_offset: Offset
    """Where the first record of the decision will stand."""
    quorum_epoch: Epoch


def decide(state: ControllerState, request: ControllerRequest, now: Millis) -> Result:
    """Records and answer for one request."""
    image, config, heartbeats = state.image, state.config, state.heartbeats
    match request:
        case BrokerRegistrationRequest():
            has_session = heartbeats.is_alive(request.broker_id, now)
            return cluster_control.register_broker(image, config, request, state.next_offset, has_session)
        case BrokerHeartbeatRequest():
            left_at = heartbeats.leaving_at.get(request.broker_id)
            slowest = heartbeats.slowest_read(request.broker_id, image.active_brokers())
            return cluster_control.heartbeat(image, config, request, left_at, slowest)
        case AlterPartitionRequest():
            return replication_control.alter_partition(image, config, request)
        case AllocateProducerIdsRequest():
            return producer_ids.allocate(image, request)
        case CreateTopicsRequest():
            return topic_control.create_topics(image, config, request, new_topic_ids(state, len(request.topics)))
        case CreatePartitionsRequest():
            return topic_control.create_partitions(image, request)
        case DeleteTopicsRequest():
            return topic_control.delete_topics(image, request)
        case ElectLeadersRequest():
            return leader_control.elect_leaders(image, config, request)
        case AlterPartitionReassignmentsRequest():
            return reassignment.alter_reassignments(image, config, request)
        case ListPartitionReassignmentsRequest():
            return reassignment.list_reassignments(image, request)
        case IncrementalAlterConfigsRequest():
            return config_control.alter_configs(image, config, request)
        case UnregisterBrokerRequest():
            return cluster_control.unregister(image, config, request)


def note(state: ControllerState, request: ControllerRequest, result: Result, now: Millis) -> None:
    """Remember who was heard of, once a decision is made. Nothing of this is in the log."""
    match request, result.response:
        case BrokerHeartbeatRequest(), BrokerHeartbeatResponse(error=ErrorCode.NONE) as answer:
            _note_heartbeat(state, request, answer, len(result.records), now)
        case ((BrokerRegistrationRequest() | UnregisterBrokerRequest()), _) if result.records:
            state.heartbeats.forget(request.broker_id)


def _note_heartbeat(
    state: ControllerState, request: BrokerHeartbeatRequest, answer: BrokerHeartbeatResponse, records: int, now: Millis
) -> None:
    if answer.should_shut_down and answer.is_fenced:
        state.heartbeats.forget(request.broker_id)
        return
    if answer.is_fenced:
        state.heartbeats.heard_fenced(request.broker_id, now)
        return
    state.heartbeats.heard(request.broker_id, request.current_metadata_offset, now)
    if request.want_shut_down:
        # Whoever has read up to here knows that this broker leads nothing any more.
        state.heartbeats.leaving_at.setdefault(request.broker_id, state.next_offset + records - 1)


def facts_of(state: ControllerState, request: ControllerRequest, result: Result) -> list[facts.Fact]:
    """What a decision says besides its records. Asked before those are replayed."""
    answer: Any = result.response
    match request:
        case BrokerRegistrationRequest() if result.records:
            clean = not cluster_control.is_unclean_shutdown(state.image, request)
            return [facts.BrokerRegistered(request.broker_id, state.next_offset, clean)]
        case BrokerRegistrationRequest() if answer.error != ErrorCode.NONE:
            return [facts.RegistrationRefused(request.broker_id, answer.error)]
        case BrokerHeartbeatRequest() if answer.should_shut_down:
            return [facts.BrokerReleased(request.broker_id)]
        case AlterPartitionRequest() if answer.error != ErrorCode.NONE:
            assert isinstance(answer, AlterPartitionResponse), "a proposal has one kind of answer"
            return [facts.IsrProposalRefused(request.partition, answer.error)]
    return []


def new_topic_ids(state: ControllerState, count: int) -> tuple[str, ...]:
    """Fresh ids, made from the place in the log at which the topics will be written."""
    return tuple(f"{state.quorum_epoch:08x}{state.next_offset:016x}{number:08x}" for number in range(count))
