"""How a partition leader asks the transaction coordinator about a write, before it appends it.

```
 Produce, first of its transaction here ─▶ leader ─▶ AddPartitionsToTxn (add, or verify) ─▶ coordinator
                       append ◀──────────── yes ◀──────────────────────────────────────────────┘
```

* Protocol 2 *adds* the partition: the producer need not do it itself. Protocol 1 *verifies* that the producer has.
* Either way no record of a transaction comes into a log of which the coordinator does not know: it would hold readers
  back for ever, since nobody would ever mark it (the hanging transaction, KIP-890, I24).
* One request at a time to each coordinator, with one question for each transactional id in it.

Mirrors `AddPartitionsToTxnManager`. What we leave out: nothing that changes what a producer sees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from minikafka.broker import internal_topics
from minikafka.broker.channel import Channel
from minikafka.config import ServerConfig
from minikafka.effects import Effect
from minikafka.log.producer_state import ProducerState
from minikafka.metadata.image import MetadataImage
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope
from minikafka.protocol.transaction_messages import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    TransactionToAdd,
)
from minikafka.types import NO_OFFSET, BrokerId, Millis, TopicPartition, broker_node, number_of

CHANNEL = "verify-"


# --- decisions ---


def must_ask(entry: ProducerState | None, producer_epoch: int, adds_partition: bool, verification: bool) -> bool:
    """Must the coordinator be asked before a transactional batch is appended (KIP-890)?

    Not once the transaction is open here. Under protocol 1 not at all, if transaction.partition.verification.enable is
    off; under protocol 2 always, since nobody else adds the partition.
    """
    is_open = entry is not None and entry.transaction_start != NO_OFFSET and entry.producer_epoch == producer_epoch
    return not is_open and (adds_partition or verification)


def as_produce_error(error: ErrorCode, adds_partition: bool, knows_abortable: bool = True) -> ErrorCode:
    """What a producer is told when its coordinator did not say yes (`ReplicaManager.handleProduceAppend`)."""
    match error:
        case ErrorCode.PRODUCER_FENCED:
            # A partition leader always says it so.
            return ErrorCode.INVALID_PRODUCER_EPOCH
        case ErrorCode.TRANSACTION_ABORTABLE if not knows_abortable:
            return ErrorCode.INVALID_TXN_STATE
        case ErrorCode.CONCURRENT_TRANSACTIONS if adds_partition:
            return error
        case (
            ErrorCode.CONCURRENT_TRANSACTIONS
            | ErrorCode.NETWORK_EXCEPTION
            | ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
            | ErrorCode.COORDINATOR_NOT_AVAILABLE
            | ErrorCode.NOT_COORDINATOR
        ):
            # Clients know how to retry this one, without looking for another leader.
            return ErrorCode.NOT_ENOUGH_REPLICAS
    return error


def as_offset_commit_error(error: ErrorCode, knows_abortable: bool = True) -> ErrorCode:
    """The same for TxnOffsetCommit (`GroupCoordinatorService.commitTransactionalOffsets`)."""
    match error:
        case ErrorCode.PRODUCER_FENCED:
            return ErrorCode.INVALID_PRODUCER_EPOCH
        case ErrorCode.TRANSACTION_ABORTABLE if not knows_abortable:
            return ErrorCode.INVALID_TXN_STATE
        case ErrorCode.NETWORK_EXCEPTION | ErrorCode.COORDINATOR_NOT_AVAILABLE | ErrorCode.NOT_COORDINATOR:
            # The group's coordinator is the right one: the client is not to look for another.
            return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    return error


# --- asking ---


class Question(NamedTuple):
    """One write's question; `number` is its asker's."""

    number: int
    asked: TransactionToAdd


class Reply(NamedTuple):
    """What the coordinator says of each partition."""

    number: int
    errors: dict[TopicPartition, ErrorCode]


class Verifier:
    """Asks transaction coordinators, for one broker."""

    def __init__(
        self, broker_id: BrokerId, config: ServerConfig, image: MetadataImage, next_correlation_id: Callable[[], int]
    ) -> None:
        self.node = broker_node(broker_id)
        self.config = config
        self.image = image
        self.replies: list[Reply] = []
        """For the asker, who takes them out."""
        self._queues: dict[BrokerId, list[Question]] = {}
        self._under_way: dict[BrokerId, tuple[Question, ...]] = {}
        self._channels: dict[BrokerId, Channel] = {}
        self._next_correlation_id = next_correlation_id

    def ask(self, question: Question, now: Millis) -> list[Effect]:
        """Put a question to the coordinator of its transactional id."""
        name = question.asked.transactional_id
        found = internal_topics.find_coordinator(internal_topics.TRANSACTION_KEY, name, self.image, self.config)
        if found.error != ErrorCode.NONE:
            self._reply((question,), found.error)
            return []
        self._queues.setdefault(found.broker_id, []).append(question)
        return self._send(found.broker_id, now)

    def _send(self, coordinator: BrokerId, now: Millis) -> list[Effect]:
        queue = self._queues.get(coordinator, [])
        channel = self._channel(coordinator)
        if not queue or channel.is_busy:
            return []
        chosen: dict[str, Question] = {}
        for question in queue:
            chosen.setdefault(question.asked.transactional_id, question)
        asked = tuple(chosen.values())
        self._queues[coordinator] = [question for question in queue if question not in asked]
        self._under_way[coordinator] = asked
        request = AddPartitionsToTxnRequest(tuple(question.asked for question in asked), from_broker=True)
        return channel.send(broker_node(coordinator), request, now)

    def take(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """A coordinator's answer."""
        coordinator = number_of(envelope.source)
        response = envelope.message
        if not self._channel(coordinator).answered(envelope) or not isinstance(response, AddPartitionsToTxnResponse):
            return []
        for question in self._under_way.pop(coordinator):
            name = question.asked.transactional_id
            errors = dict.fromkeys(question.asked.partitions, response.error)
            errors |= {partition: error for owner, partition, error in response.results if owner == name}
            self.replies.append(Reply(question.number, errors))
        return self._send(coordinator, now)

    def connection_lost(self, peer: str, now: Millis) -> list[Effect]:
        """The coordinator is gone: whoever waits is told NETWORK_EXCEPTION, and may try again."""
        effects: list[Effect] = []
        for coordinator, channel in list(self._channels.items()):
            if channel.lost(peer):
                effects += self._failed(coordinator, now)
        return effects

    def timed_out(self, name: str, now: Millis) -> list[Effect]:
        """No answer in time."""
        coordinator = int(name.removeprefix(CHANNEL))
        late, effects = self._channel(coordinator).check(now)
        return self._failed(coordinator, now) if late else effects

    def _failed(self, coordinator: BrokerId, now: Millis) -> list[Effect]:
        self._reply(self._under_way.pop(coordinator), ErrorCode.NETWORK_EXCEPTION)
        return self._send(coordinator, now)

    def _reply(self, questions: tuple[Question, ...], error: ErrorCode) -> None:
        for question in questions:
            self.replies.append(Reply(question.number, dict.fromkeys(question.asked.partitions, error)))

    def _channel(self, coordinator: BrokerId) -> Channel:
        if coordinator not in self._channels:
            self._channels[coordinator] = Channel(
                self.node, f"{CHANNEL}{coordinator}", self._next_correlation_id, self.config.request_timeout_ms
            )
        return self._channels[coordinator]
