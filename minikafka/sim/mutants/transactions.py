"""Faults in transactions: ended too early or never, seen before their time, by whom they are none of."""

# ruff: noqa: ARG001  # a mutant takes what the function it replaces takes, and mostly looks at less

from __future__ import annotations

from dataclasses import replace

from minikafka.broker.coordinator_host import CoordinatorHost, Led
from minikafka.coordinator import transaction
from minikafka.coordinator.result import CoordinatorResult, ShardResult, Wake
from minikafka.coordinator.transaction_shard import TransactionShard
from minikafka.coordinator.transaction_state import PREPARE_ABORT, PREPARE_EPOCH_FENCE, Transaction
from minikafka.effects import Effect
from minikafka.log import producer_state
from minikafka.log.partition_log import PartitionLog
from minikafka.log.producer_state import CompletedTransaction, ProducerState, ProducerStates
from minikafka.log.transaction_index import AbortedTransaction
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import RecordBatch
from minikafka.protocol.transaction_messages import TransactionToAdd
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.profiles import STACK
from minikafka.sim.schedule import Setup, schedule
from minikafka.types import Epoch, Millis, Offset

EPOCHS = "minikafka.coordinator.transaction:epochs_of_the_end"
MARKER = "minikafka.log.producer_state:check_marker"

_add_partitions = transaction.add_partitions
_carry_out = CoordinatorHost._carry_out
_check_marker = producer_state.check_marker
_check_producer = transaction.check_producer
_end = ProducerStates._end


def markers_at_once(
    self: CoordinatorHost, led: Led, ticket: int | None, result: ShardResult, now: Millis, woken: Wake | None = None
) -> list[Effect]:
    """It is decided, so let everybody know."""
    self.orders += result.orders
    return _carry_out(self, led, ticket, replace(result, orders=()), now, woken)


def markers_were_sent(self: TransactionShard, now: Millis) -> ShardResult:
    """Whoever decided has also sent the markers."""
    return CoordinatorResult((), None)


def nothing_was_aborted(
    self: PartitionLog, fetch_offset: Offset, up_to: Offset
) -> tuple[AbortedTransaction, ...]:  # fmt: skip
    """Below the last stable offset all is decided."""
    return ()


def ask_once_per_producer(entry: ProducerState | None, epoch: int, adds_partition: bool, verification: bool) -> bool:
    """A producer that took part once takes part."""
    return entry is None and (adds_partition or verification)


def same_epoch_for_all(current: Transaction, client_version: int) -> tuple[int, int]:
    """The producer is the same, so its epoch is."""
    return current.producer_epoch, current.last_producer_epoch


def marker_of_this_epoch(
    entry: ProducerState | None, producer_epoch: int, coordinator_epoch: Epoch, transaction_version: int
) -> ErrorCode:
    """As before KIP-890: a marker has the epoch of what it ends."""
    return _check_marker(entry, producer_epoch, coordinator_epoch, 1)


def every_marker_counts(
    entry: ProducerState | None, producer_epoch: int, coordinator_epoch: Epoch, transaction_version: int
) -> ErrorCode:
    """Coordinators know what they do."""
    return ErrorCode.NONE


def wait_for_the_producer(current: Transaction, now: Millis) -> bool:
    """Whoever began a transaction will end it."""
    return False


def whoever_has_the_id(current: Transaction, producer_id: int, producer_epoch: int) -> ErrorCode:
    """The producer id is right, and what is an epoch?"""
    return ErrorCode.NONE if producer_id == current.producer_id else _check_producer(current, producer_id, -1)


def abort_and_forgive(current: Transaction, now: Millis) -> Transaction:
    """Its transaction is aborted, and the producer may go on."""
    return current.to(PREPARE_EPOCH_FENCE).to(PREPARE_ABORT, last_update_ms=now)


def ended_is_over(self: ProducerStates, entry: ProducerState, batch: RecordBatch) -> CompletedTransaction | None:
    """Once the marker is written the transaction is over."""
    completed = _end(self, entry, batch)
    self._undecided.clear()
    return completed


def go_on_with_the_epoch(known: Transaction, expected_epoch: int) -> tuple[int, int] | None:
    """It is the same application, so it goes on where it was."""
    return max(known.producer_epoch, 0), known.last_producer_epoch


def every_partition_takes_part(
    current: Transaction | None, asked: TransactionToAdd, client_version: int, now: Millis
) -> transaction.Decision[ErrorCode]:
    """Whoever has the right producer may write; the list of partitions is for statistics."""
    if current is None:
        return CoordinatorResult((), ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    if current.is_completing:
        return CoordinatorResult((), ErrorCode.CONCURRENT_TRANSACTIONS)
    error = transaction.check_producer(current, asked.producer_id, asked.producer_epoch)
    if error or current.partitions:
        return CoordinatorResult((), error)
    return _add_partitions(current, asked, client_version, now)


# The abort of a is late; sent again it is answered, and the late one arrives while b is open.
LATE_ABORT = schedule(
    (0, "transact", "a", {"end": ""}), (5_000, "end", "abort"),
    (5_000, "disconnect", 1, "producer-T", {"late_ms": 1_000}),
    (5_050, "transact", "b", {"end": ""}), (9_000, "end", "commit"),
)  # fmt: skip
TWO = Setup(settings=STACK, partitions=2)
# Nobody copies the decision before its coordinator dies, and whoever asked for it is asleep: the next one aborts.
UNDECIDED = schedule(
    (0, "transact", "a", "b", {"end": ""}), (3_000, "delay", "FetchResponse", 1_500), (3_000, "end", "commit"),
    (3_020, "crash", 1), (3_020, "pause", "producer-T"), (3_020, "heal"), (20_000, "resume", "producer-T"),
)  # fmt: skip
# The marker of the second transaction is sent again on a new connection; the old one comes in the midst of the third.
MARKER_IS_LATE = schedule(
    (0, "transact", "a", "b"), (3_000, "slow", 1, 2, 100), (3_000, "transact", "c", "d"),
    (4_000, "disconnect", 1, 2, {"late_ms": 2_000}), (4_000, "heal"), (4_800, "transact", "e", "f", {"end": ""}),
    (9_000, "end", "abort"),
)  # fmt: skip
# The coordinator dies between its decision, which is replicated, and its markers, which are slow.
MARKERS_TO_COME = schedule(
    (0, "transact", "a", "b", {"end": ""}), (3_000, "delay", "WriteTxnMarkersRequest", 8_000), (3_000, "end", "commit"),
    (3_500, "crash", 1), (3_500, "heal"),
)  # fmt: skip

MUTANTS = (
    Mutant(
        "markers_at_once", "it is decided, so let everybody know", "I23", "is torn",
        {"minikafka.broker.coordinator_host:CoordinatorHost._carry_out": markers_at_once}, (UNDECIDED,), TWO,
        story="A decision that only one broker has may be lost with it, and its successor aborts what was half "
        "committed. Kafka sends markers in the callback of the append, once Prepare is replicated (KIP-98).",
    ),
    Mutant(
        "markers_were_sent", "whoever decided has also sent the markers", "I24", "a transaction hangs",
        {"minikafka.coordinator.transaction_shard:TransactionShard.loaded": markers_were_sent}, (MARKERS_TO_COME,), TWO,
        story="A coordinator that takes over finds Prepare in its log and must carry it out "
        "(`TransactionStateManager.loadTransactionsForTxnTopicPartition` enqueues the markers again).",
    ),
    Mutant(
        "nothing_was_aborted", "below the last stable offset all is decided", "I22", "whose transaction is aborted",
        {"minikafka.log.partition_log:PartitionLog.aborted_transactions": nothing_was_aborted},
        story="Decided is not committed: a fetch names the aborted transactions among its records, from the "
        "transaction index of each segment (KIP-98).",
    ),
    Mutant(
        "ask_once_per_producer", "who took part once takes part", "I24", "a transaction hangs",
        {"minikafka.broker.transaction_verification:must_ask": ask_once_per_producer},
        story="A record of a transaction that the coordinator does not know of is marked by nobody: the last stable "
        "offset stands still for ever. KIP-890 makes the leader ask for every transaction.",
    ),
    Mutant(
        "same_epoch_for_all", "the producer is the same, so its epoch is", "I25", "a request of an earlier transaction",
        {EPOCHS: same_epoch_for_all, MARKER: marker_of_this_epoch}, (LATE_ABORT,), Setup(settings=STACK),
        story="Protocol 1: all transactions of a producer have one epoch, and what comes late is taken for its "
        "successor's. KIP-890 part 2 raises the epoch at each end; here the client is told of it and nobody does it.",
    ),
    Mutant(
        "every_marker_counts", "coordinators know what they do", "I23", "is torn",
        {MARKER: every_marker_counts}, (MARKER_IS_LATE,), TWO,
        story="A marker that was slow, of a coordinator that is none any more, ends the next transaction. Kafka "
        "compares producer epoch and coordinator epoch (`ProducerAppendInfo.appendEndTxnMarker`).",
    ),
    Mutant(
        "wait_for_the_producer", "who began a transaction will end it", "I24", "a transaction hangs",
        {"minikafka.coordinator.transaction:has_timed_out": wait_for_the_producer},
        story="An application that died inside its transaction ends nothing, and readers wait. The coordinator looks "
        "every 10 s for what is older than transaction.timeout.ms (KIP-98).",
    ),
    Mutant(
        "whoever_has_the_id", "the id is right, and what is an epoch?", "I21", "",
        {"minikafka.coordinator.transaction:check_producer": whoever_has_the_id},
        story="Two instances of one application have one transactional id and one producer id; only the epoch tells "
        "the zombie from its successor, whose transaction it would end (KIP-98).",
    ),
    Mutant(
        "abort_and_forgive", "its transaction is aborted, and it may go on", "I24", "",
        {"minikafka.coordinator.transaction:abort_and_fence": abort_and_forgive},
        story="Kafka before KIP-360 raised the epoch at a timeout and fenced; without the rise what was under way "
        "still belongs to the producer, and a late batch opens a transaction that nobody knows.",
    ),
    Mutant(
        "ended_is_over", "once the marker is written the transaction is over", "I22", "whose transaction is",
        {"minikafka.log.producer_state:ProducerStates._end": ended_is_over},
        story="A marker that is not replicated may be lost with its leader. Kafka keeps a transaction unreplicated "
        "(`ProducerStateManager.unreplicatedTxns`) until the high watermark has passed its marker.",
    ),
    Mutant(
        "go_on_with_the_epoch", "it is the same application, so it goes on", "I18", "",
        {"minikafka.coordinator.transaction:next_epochs": go_on_with_the_epoch},
        story="InitProducerId is what fences: a new instance has a higher epoch than all before it (KIP-98). With "
        "the same one, both write numbers of their own under one name.",
    ),
    Mutant(
        "every_partition_takes_part", "the list of partitions is for statistics", "I24", "a transaction hangs",
        {"minikafka.coordinator.transaction:add_partitions": every_partition_takes_part},
        story="The coordinator writes markers where it knows that there are records, so every partition is added "
        "before its first one is written (AddPartitionsToTxn, KIP-98).",
    ),
)  # fmt: skip
