"""Facts about producers that are numbered: sequences, transactions, markers, and who is fenced."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from minikafka.protocol.errors import ErrorCode
from minikafka.types import Epoch, Offset, TopicPartition

# --- stated by the transaction coordinator ---


class ProducerIdGranted(NamedTuple):
    """A producer has been given its id and epoch. `transactional_id` is empty for one that is idempotent only."""

    transactional_id: str
    producer_id: int
    producer_epoch: int


class TransactionChanged(NamedTuple):
    """The coordinator has written another state of a transactional id."""

    transactional_id: str
    state: str
    """`Empty`, `Ongoing`, `PrepareCommit`, `PrepareAbort`, `CompleteCommit`, `CompleteAbort`, `PrepareEpochFence`,
    `Dead`."""
    producer_id: int
    producer_epoch: int
    partitions: tuple[TopicPartition, ...]


class TransactionRefused(NamedTuple):
    """The coordinator refuses what a producer asks for."""

    transactional_id: str
    request: str
    error: ErrorCode
    producer_epoch: int
    current_epoch: int


# --- stated by partition leaders ---


class TransactionOpened(NamedTuple):
    """The first record of a transaction stands in this log; the last stable offset cannot pass it."""

    partition: TopicPartition
    producer_id: int
    producer_epoch: int
    first_offset: Offset


class MarkerWritten(NamedTuple):
    """The outcome of a transaction stands in this log."""

    partition: TopicPartition
    producer_id: int
    producer_epoch: int
    committed: bool
    offset: Offset
    coordinator_epoch: Epoch


class DuplicateFound(NamedTuple):
    """A batch that is in the log already was sent again; it is answered with its old offset and not appended."""

    partition: TopicPartition
    producer_id: int
    producer_epoch: int
    first_sequence: int
    base_offset: Offset


class BatchRefused(NamedTuple):
    """A batch of a numbered producer is refused: its epoch is old, or its sequence does not follow."""

    partition: TopicPartition
    producer_id: int
    producer_epoch: int
    first_sequence: int
    error: ErrorCode


# --- stated by producers ---


class TransactionBegun(NamedTuple):
    """The application begins a transaction."""

    transactional_id: str


class TransactionEnding(NamedTuple):
    """The application asks for the end of its transaction."""

    transactional_id: str
    commit: bool


class TransactionEnded(NamedTuple):
    """The application was told the outcome."""

    transactional_id: str
    committed: bool


class ProducerFailed(NamedTuple):
    """The producer cannot go on with this transaction (`fatal`: with anything)."""

    transactional_id: str
    error: ErrorCode
    fatal: bool


class SequencesRestarted(NamedTuple):
    """A producer without transactions goes on under a new epoch: in these partitions its numbers start again at 0."""

    producer_id: int
    producer_epoch: int
    partitions: tuple[TopicPartition, ...]


TransactionFact: TypeAlias = (
    ProducerIdGranted
    | TransactionChanged
    | TransactionRefused
    | TransactionOpened
    | MarkerWritten
    | DuplicateFound
    | BatchRefused
    | TransactionBegun
    | TransactionEnding
    | TransactionEnded
    | ProducerFailed
    | SequencesRestarted
)
