"""Which brokers are alive: registration, heartbeats, fencing, and how a broker takes its leave.

```
 start ──registration──▶ FENCED ──heartbeat, caught up──▶ UNFENCED ──silent for the session timeout──▶ FENCED
                                                             │
                                             wants to leave, and leads something
                                                             ▼
                           SHUTDOWN_NOW ◀──leads nothing, all have read so── CONTROLLED_SHUTDOWN
```

* A broker epoch is the offset of the registration record: every start of the process gets a larger one.
* A broker that registers without the mark of a clean shutdown may have lost its last writes. It leaves every ISR and
  ELR before it may do anything (KIP-966): being alive is no proof of having data.
* While the former process of a broker still has a live session, a new one is refused.
* Who takes his leave in order is neither elected nor admitted to an ISR, and stops only when every other active broker
  has read who leads now: a client that asks any of them is sent to the right place.

Functions here decide and change nothing. Mirrors `ClusterControlManager` and `BrokerHeartbeatManager`. What we leave
out: feature levels, cordoned log directories.
"""

from __future__ import annotations

from enum import Enum

from minikafka.config import ServerConfig
from minikafka.controller import replication_control
from minikafka.coordinator.result import CoordinatorResult
from minikafka.metadata.image import BrokerRegistration, MetadataImage
from minikafka.metadata.records import (
    BrokerRegistrationChangeRecord,
    MetadataRecord,
    RegisterBrokerRecord,
    UnregisterBrokerRecord,
)
from minikafka.protocol.admin_messages import UnregisterBrokerRequest, UnregisterBrokerResponse
from minikafka.protocol.controller_messages import (
    BrokerHeartbeatRequest,
    BrokerHeartbeatResponse,
    BrokerRegistrationRequest,
    BrokerRegistrationResponse,
)
from minikafka.protocol.errors import ErrorCode
from minikafka.types import NO_EPOCH, BrokerId, Offset


def is_unclean_shutdown(image: MetadataImage, request: BrokerRegistrationRequest) -> bool:
    """Has this broker been here before, and can it not show the epoch it shut down with?"""
    former = image.brokers.get(request.broker_id)
    return former is not None and request.previous_broker_epoch != former.broker_epoch


def register_broker(
    image: MetadataImage,
    config: ServerConfig,
    request: BrokerRegistrationRequest,
    next_offset: Offset,
    has_session: bool,
) -> CoordinatorResult[MetadataRecord, BrokerRegistrationResponse]:
    """Admit a broker process, fenced. `next_offset` is where the first record will stand: the broker epoch."""
    former = image.brokers.get(request.broker_id)
    if former is not None and has_session and former.incarnation_id != request.incarnation_id:
        return CoordinatorResult((), BrokerRegistrationResponse(ErrorCode.DUPLICATE_BROKER_REGISTRATION, NO_EPOCH))
    if former is not None and former.incarnation_id == request.incarnation_id:
        return CoordinatorResult((), BrokerRegistrationResponse(ErrorCode.NONE, former.broker_epoch))
    host, port = request.endpoint
    records: list[MetadataRecord] = [
        RegisterBrokerRecord(request.broker_id, request.incarnation_id, next_offset, host, port, request.rack)
    ]
    if is_unclean_shutdown(image, request):
        records += replication_control.without_broker(image, config, request.broker_id, unclean=True)
    elif former is not None and not former.fenced:
        records += replication_control.without_broker(image, config, request.broker_id, unclean=False)
    return CoordinatorResult(tuple(records), BrokerRegistrationResponse(ErrorCode.NONE, next_offset))


class Standing(Enum):
    """What a broker is after a heartbeat. The value says when it gets there (`BrokerControlState`)."""

    FENCED = "registered, silent for the session timeout, or wanted so"
    UNFENCED = "has replayed its own registration"
    CONTROLLED_SHUTDOWN = "wants to leave, and led something or was in an ISR"
    SHUTDOWN_NOW = "wants to leave, leads nothing, and every other active broker has read so"


def next_standing(
    broker: BrokerRegistration,
    request: BrokerHeartbeatRequest,
    leads: bool,
    left_at: Offset | None,
    slowest_read: Offset | None,
) -> Standing:
    """Where a heartbeat takes a broker (`BrokerHeartbeatManager.calculateNextBrokerState`).

    `left_at` is the offset at which its leaderships were given away, None when they were not yet; `slowest_read` how
    far the slowest other active broker has read, None when there is no other.
    """
    if broker.fenced:
        # A heartbeat from before the leave-taking may come late; it brings nobody back.
        if request.want_shut_down or broker.in_controlled_shutdown:
            return Standing.SHUTDOWN_NOW
        caught_up = request.current_metadata_offset >= broker.broker_epoch
        return Standing.UNFENCED if caught_up and not request.want_fence else Standing.FENCED
    if not broker.in_controlled_shutdown:
        if request.want_shut_down:
            return Standing.CONTROLLED_SHUTDOWN if leads else Standing.SHUTDOWN_NOW
        return Standing.FENCED if request.want_fence else Standing.UNFENCED
    if leads or left_at is None or (slowest_read is not None and slowest_read < left_at):
        return Standing.CONTROLLED_SHUTDOWN
    return Standing.SHUTDOWN_NOW


def heartbeat(
    image: MetadataImage,
    config: ServerConfig,
    request: BrokerHeartbeatRequest,
    left_at: Offset | None = None,
    slowest_read: Offset | None = None,
) -> CoordinatorResult[MetadataRecord, BrokerHeartbeatResponse]:
    """Note that a broker lives; unfence it once it has replayed its own registration; let it go when it asks."""
    broker = image.brokers.get(request.broker_id)
    if broker is None:
        return CoordinatorResult((), BrokerHeartbeatResponse(ErrorCode.BROKER_ID_NOT_REGISTERED))
    if broker.broker_epoch != request.broker_epoch:
        return CoordinatorResult((), BrokerHeartbeatResponse(ErrorCode.STALE_BROKER_EPOCH))
    leads = any(partition.leader == request.broker_id for _, partition in image.partitions())
    standing = next_standing(broker, request, leads, left_at, slowest_read)
    records: tuple[MetadataRecord, ...] = ()
    if standing is Standing.UNFENCED and broker.fenced:
        records = tuple(_unfence(image, config, request.broker_id))
    elif standing is Standing.CONTROLLED_SHUTDOWN and not broker.in_controlled_shutdown:
        records = _begin_controlled_shutdown(image, config, request.broker_id)
    elif standing in (Standing.SHUTDOWN_NOW, Standing.FENCED) and not broker.fenced:
        records = fence(image, config, request.broker_id)
    fenced = standing in (Standing.FENCED, Standing.SHUTDOWN_NOW)
    caught_up = request.current_metadata_offset >= broker.broker_epoch
    response = BrokerHeartbeatResponse(ErrorCode.NONE, caught_up, fenced, standing is Standing.SHUTDOWN_NOW)
    return CoordinatorResult(records, response)


def fence(image: MetadataImage, config: ServerConfig, broker: BrokerId) -> tuple[MetadataRecord, ...]:
    """A broker has been silent for its session timeout: it leads nothing and is in no ISR until it reports again."""
    registration = image.brokers[broker]
    change = BrokerRegistrationChangeRecord(broker, registration.broker_epoch, fenced=True)
    return (change, *replication_control.without_broker(image, config, broker, unclean=False))


def unregister(
    image: MetadataImage, config: ServerConfig, request: UnregisterBrokerRequest
) -> CoordinatorResult[MetadataRecord, UnregisterBrokerResponse]:
    """Strike a broker off: it is in no ISR and no ELR, since nobody knows what it will hold if it ever returns."""
    broker = image.brokers.get(request.broker_id)
    if broker is None:
        return CoordinatorResult((), UnregisterBrokerResponse(ErrorCode.BROKER_ID_NOT_REGISTERED))
    changes = replication_control.without_broker(image, config, request.broker_id, unclean=True)
    gone = UnregisterBrokerRecord(request.broker_id, broker.broker_epoch)
    return CoordinatorResult((*changes, gone), UnregisterBrokerResponse(ErrorCode.NONE))


def _begin_controlled_shutdown(
    image: MetadataImage, config: ServerConfig, broker: BrokerId
) -> tuple[MetadataRecord, ...]:
    epoch = image.brokers[broker].broker_epoch
    change = BrokerRegistrationChangeRecord(broker, epoch, in_controlled_shutdown=True)
    return (change, *replication_control.without_broker(image, config, broker, unclean=False))


def _unfence(image: MetadataImage, config: ServerConfig, broker: BrokerId) -> list[MetadataRecord]:
    change = BrokerRegistrationChangeRecord(broker, image.brokers[broker].broker_epoch, fenced=False)
    return [change, *replication_control.with_broker(image, config, broker)]
