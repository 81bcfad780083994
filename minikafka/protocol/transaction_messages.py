"""What numbered producers, their coordinator and partition leaders say to each other.

```
 producer ──InitProducerId, (AddPartitionsToTxn), EndTxn──▶ coordinator ──WriteTxnMarkers──▶ partition leaders
 partition leader ──AddPartitionsToTxn (verify, or add: KIP-890)──▶ coordinator
```

What we leave out: two-phase commit with an outside coordinator (KIP-939).
"""

from __future__ import annotations

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import OffsetToCommit
from minikafka.protocol.message import message
from minikafka.protocol.messages import Request, Response
from minikafka.types import NO_EPOCH, NO_PRODUCER_ID, BrokerId, Epoch, Millis, Offset, TopicPartition


@message
class InitProducerIdRequest(Request):
    """Give me a producer id; with a transactional id: fence whoever used it before me."""

    transactional_id: str | None
    transaction_timeout_ms: Millis = 60_000
    producer_id: int = NO_PRODUCER_ID
    """What the producer believes to be, when it recovers from an error (KIP-360); -1 at the start."""
    producer_epoch: int = NO_EPOCH
    says_fenced: bool = True
    """InitProducerId v4+: PRODUCER_FENCED instead of INVALID_PRODUCER_EPOCH."""


@message
class InitProducerIdResponse(Response):
    """Answer to `InitProducerIdRequest`."""

    error: ErrorCode
    producer_id: int = NO_PRODUCER_ID
    producer_epoch: int = NO_EPOCH


@message
class AllocateProducerIdsRequest(Request):
    """A broker asks the active controller for the next block of producer ids."""

    broker_id: BrokerId
    broker_epoch: Epoch


@message
class AllocateProducerIdsResponse(Response):
    """`count` ids from `first` on are this broker's."""

    error: ErrorCode
    first: int = NO_PRODUCER_ID
    count: int = 0


@message
class TransactionToAdd:
    """Partitions that join (or are asked about in) one transaction."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    partitions: tuple[TopicPartition, ...]
    verify_only: bool = False


@message
class AddPartitionsToTxnRequest(Request):
    """From a producer: one transaction (protocol 1). From a partition leader: verify or add, several (KIP-890)."""

    transactions: tuple[TransactionToAdd, ...]
    from_broker: bool = False
    says_fenced: bool = True
    """AddPartitionsToTxn v2+."""


@message
class AddPartitionsToTxnResponse(Response):
    """One (transactional id, partition, error) for each partition."""

    error: ErrorCode = ErrorCode.NONE
    results: tuple[tuple[str, TopicPartition, ErrorCode], ...] = ()


@message
class AddOffsetsToTxnRequest(Request):
    """The offsets of this group are committed in the transaction too (protocol 1)."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    group: str
    says_fenced: bool = True


@message
class AddOffsetsToTxnResponse(Response):
    """Answer to `AddOffsetsToTxnRequest`."""

    error: ErrorCode


@message
class TxnOffsetCommitRequest(Request):
    """Offsets that count once the transaction commits; checked against the group's generation (KIP-447)."""

    transactional_id: str
    group: str
    producer_id: int
    producer_epoch: int
    offsets: tuple[OffsetToCommit, ...]
    generation: Epoch = NO_EPOCH
    member_id: str = ""
    group_instance_id: str | None = None
    adds_partition: bool = True
    """TxnOffsetCommit v5+ (protocol 2): the group coordinator adds its own partition to the transaction."""
    knows_abortable: bool = True
    """TxnOffsetCommit v4+: TRANSACTION_ABORTABLE instead of INVALID_TXN_STATE."""


@message
class TxnOffsetCommitResponse(Response):
    """One (partition, error) for each offset."""

    partitions: tuple[tuple[TopicPartition, ErrorCode], ...]


@message
class EndTxnRequest(Request):
    """Commit, or abort."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    commit: bool
    bumps_epoch: bool = True
    """EndTxn v5+ (protocol 2): each end raises the producer epoch (KIP-890)."""
    says_fenced: bool = True


@message
class EndTxnResponse(Response):
    """Answered when the decision is written down; markers follow. Protocol 2 gives id and epoch to go on with."""

    error: ErrorCode
    producer_id: int = NO_PRODUCER_ID
    producer_epoch: int = NO_EPOCH


@message
class TxnMarker:
    """The outcome of one transaction, for the partitions this leader has."""

    producer_id: int
    producer_epoch: int
    commit: bool
    partitions: tuple[TopicPartition, ...]
    coordinator_epoch: Epoch
    transaction_version: int = 2
    """2: the marker's epoch must be above the producer's current one (KIP-890)."""


@message
class WriteTxnMarkersRequest(Request):
    """Write control batches. From the coordinator only."""

    markers: tuple[TxnMarker, ...]


@message
class WriteTxnMarkersResponse(Response):
    """One (producer id, partition, error) for each."""

    results: tuple[tuple[int, TopicPartition, ErrorCode], ...]


# --- looking at producers and transactions ---


@message
class DescribeProducersRequest(Request):
    """Which numbered producers have written here?"""

    partitions: tuple[TopicPartition, ...]


@message
class ActiveProducer:
    """A producer as a partition leader knows it."""

    producer_id: int
    producer_epoch: int
    last_sequence: int
    last_timestamp_ms: Millis
    coordinator_epoch: Epoch
    current_transaction_start: Offset


@message
class DescribeProducersResponse(Response):
    """(partition, error, producers) for each."""

    partitions: tuple[tuple[TopicPartition, ErrorCode, tuple[ActiveProducer, ...]], ...]


@message
class DescribeTransactionsRequest(Request):
    """How do these transactional ids stand?"""

    transactional_ids: tuple[str, ...]


@message
class DescribedTransaction:
    """One transactional id."""

    transactional_id: str
    error: ErrorCode
    state: str = ""
    producer_id: int = NO_PRODUCER_ID
    producer_epoch: int = NO_EPOCH
    timeout_ms: Millis = 0
    start_ms: Millis = -1
    partitions: tuple[TopicPartition, ...] = ()


@message
class DescribeTransactionsResponse(Response):
    """Answer to `DescribeTransactionsRequest`."""

    transactions: tuple[DescribedTransaction, ...]


@message
class ListTransactionsRequest(Request):
    """Which transactional ids does this broker coordinate? Empty filters let everything pass."""

    states: tuple[str, ...] = ()
    producer_ids: tuple[int, ...] = ()
    longer_than_ms: Millis = -1


@message
class ListTransactionsResponse(Response):
    """(transactional id, producer id, state) of each."""

    error: ErrorCode
    unknown_states: tuple[str, ...] = ()
    transactions: tuple[tuple[str, int, str], ...] = ()
