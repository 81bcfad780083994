"""What brokers ask of the active controller: to be admitted, to be counted as alive, to write down another ISR.

What we leave out: AssignReplicasToDirs, ControllerRegistration, feature levels in a registration.
"""

from __future__ import annotations

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.message import message
from minikafka.protocol.messages import Request, Response
from minikafka.types import NO_EPOCH, NO_LEADER, BrokerId, Epoch, Offset, TopicPartition

# --- Broker life cycle (broker → active controller) ---


@message
class BrokerRegistrationRequest(Request):
    """A broker process that has just started says hello."""

    broker_id: BrokerId
    incarnation_id: str
    """Different for every start of the process."""
    previous_broker_epoch: Epoch = NO_EPOCH
    """Read from the clean-shutdown mark; -1 when there was none, which means: I may have lost my last writes."""
    endpoint: tuple[str, int] = ("", 0)
    rack: str | None = None


@message
class BrokerRegistrationResponse(Response):
    """The broker epoch is the offset of the registration record, so it only rises."""

    error: ErrorCode
    broker_epoch: Epoch = NO_EPOCH


@message
class BrokerHeartbeatRequest(Request):
    """I am alive, and I have replayed the metadata log up to here."""

    broker_id: BrokerId
    broker_epoch: Epoch
    current_metadata_offset: Offset
    want_fence: bool = False
    want_shut_down: bool = False
    """Controlled shutdown: move my leaderships away, then let me go."""


@message
class BrokerHeartbeatResponse(Response):
    """Whether the controller counts this broker as alive."""

    error: ErrorCode
    is_caught_up: bool = False
    is_fenced: bool = True
    should_shut_down: bool = False
    """Nothing is led there any more, and everybody has read so."""


# --- AlterPartition (partition leader → active controller, KIP-497) ---


@message
class IsrMember:
    """A broker in a proposed ISR with the broker epoch the leader saw it with (KIP-903)."""

    broker_id: BrokerId
    broker_epoch: Epoch = NO_EPOCH


@message
class AlterPartitionRequest(Request):
    """The leader proposes another ISR; nothing counts before the controller has written it."""

    broker_id: BrokerId
    broker_epoch: Epoch
    partition: TopicPartition
    leader_epoch: Epoch
    partition_epoch: Epoch
    new_isr: tuple[IsrMember, ...]
    recovering: bool = False


@message
class AlterPartitionResponse(Response):
    """The partition as the controller has it now."""

    partition: TopicPartition
    error: ErrorCode
    leader: BrokerId = NO_LEADER
    leader_epoch: Epoch = NO_EPOCH
    isr: tuple[BrokerId, ...] = ()
    partition_epoch: Epoch = NO_EPOCH
    recovering: bool = False
