"""Which brokers are alive: registration, heartbeats, fencing.

```
 start ──registration──▶ FENCED ──heartbeat, caught up──▶ UNFENCED ──silent for the session timeout──▶ FENCED
```

* A broker epoch is the offset of the registration record: every start of the process gets a larger one.
* A broker that registers without the mark of a clean shutdown may have lost its last writes. It leaves every ISR and
  ELR before it may do anything (KIP-966): being alive is no proof of having data.
* While the former process of a broker still has a live session, a new one is refused.

Functions here decide and change nothing. Mirrors `ClusterControlManager` and `BrokerHeartbeatManager`. What we leave
out: controlled shutdown, feature levels, cordoned log directories.
"""

from __future__ import annotations

from minikafka.config import ServerConfig
from minikafka.controller import replication_control
from minikafka.coordinator.result import CoordinatorResult
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import BrokerRegistrationChangeRecord, MetadataRecord, RegisterBrokerRecord
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


def heartbeat(
    image: MetadataImage, config: ServerConfig, request: BrokerHeartbeatRequest
) -> CoordinatorResult[MetadataRecord, BrokerHeartbeatResponse]:
    """Note that a broker lives; unfence it once it has replayed its own registration."""
    broker = image.brokers.get(request.broker_id)
    if broker is None:
        return CoordinatorResult((), BrokerHeartbeatResponse(ErrorCode.BROKER_ID_NOT_REGISTERED))
    if broker.broker_epoch != request.broker_epoch:
        return CoordinatorResult((), BrokerHeartbeatResponse(ErrorCode.STALE_BROKER_EPOCH))
    caught_up = request.current_metadata_offset >= broker.broker_epoch
    if broker.fenced and caught_up and not request.want_fence:
        return CoordinatorResult(
            tuple(_unfence(image, config, request.broker_id)),
            BrokerHeartbeatResponse(ErrorCode.NONE, is_caught_up=True, is_fenced=False),
        )
    return CoordinatorResult((), BrokerHeartbeatResponse(ErrorCode.NONE, caught_up, broker.fenced))


def fence(image: MetadataImage, config: ServerConfig, broker: BrokerId) -> tuple[MetadataRecord, ...]:
    """A broker has been silent for its session timeout: it leads nothing and is in no ISR until it reports again."""
    registration = image.brokers[broker]
    change = BrokerRegistrationChangeRecord(broker, registration.broker_epoch, fenced=True)
    return (change, *replication_control.without_broker(image, config, broker, unclean=False))


def _unfence(image: MetadataImage, config: ServerConfig, broker: BrokerId) -> list[MetadataRecord]:
    change = BrokerRegistrationChangeRecord(broker, image.brokers[broker].broker_epoch, fenced=False)
    return [change, *replication_control.with_broker(image, config, broker)]
