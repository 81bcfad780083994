"""What a transaction coordinator decides, one function for each request and each clock that runs out.

```
 InitProducerId     who are you now?          a higher epoch: whoever had a lower one is fenced
 AddPartitionsToTxn these belong to it        so the coordinator knows where markers must go
 EndTxn             commit, or abort          Prepare: the decision
 (markers written)                            Complete: ready for the next
 (timeout)          nobody ended it           abort, with the producer fenced
```

A decision reads what is known of a transactional id and changes nothing. It returns the records to append, and the
answer to give once they are committed (D3).

* Every request names producer id and epoch; one with an old epoch is refused, whatever it asks (I21).
* While a decided transaction is being carried out, everybody is asked to come again (CONCURRENT_TRANSACTIONS).
* Under protocol 2 the epoch rises at each end, and a request to end that is sent again is known by its epoch (KIP-890).

Mirrors `TransactionCoordinator` and `TransactionMetadata.prepare*`. What we leave out: two-phase commit (KIP-939).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, TypeVar

from minikafka.coordinator.result import CoordinatorResult
from minikafka.coordinator.transaction_state import (
    COMPLETE_ABORT,
    COMPLETE_COMMIT,
    DEAD,
    EMPTY,
    LAST_EPOCH,
    ONGOING,
    PREPARE_ABORT,
    PREPARE_COMMIT,
    PREPARE_EPOCH_FENCE,
    Transaction,
    TransactionRecord,
)
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.transaction_messages import (
    EndTxnRequest,
    EndTxnResponse,
    InitProducerIdRequest,
    InitProducerIdResponse,
    TransactionToAdd,
)
from minikafka.types import NO_EPOCH, NO_PRODUCER_ID, Millis, TopicPartition

Answer = TypeVar("Answer")
Decision: TypeAlias = CoordinatorResult[TransactionRecord, Answer]

PARTITIONS_OF_NONE: tuple[TopicPartition, ...] = ()


def _written(transaction: Transaction, response: Answer) -> Decision[Answer]:
    return CoordinatorResult((TransactionRecord(transaction.transactional_id, transaction),), response)


def fenced(says_fenced: bool) -> ErrorCode:
    """What a zombie is told: PRODUCER_FENCED, or what clients before KIP-588 understand."""
    return ErrorCode.PRODUCER_FENCED if says_fenced else ErrorCode.INVALID_PRODUCER_EPOCH


# --- InitProducerId ---


def is_valid_timeout(timeout_ms: Millis, max_timeout_ms: Millis) -> bool:
    """A transaction may stay open for so long: more than 0, at most transaction.max.timeout.ms."""
    return 0 < timeout_ms <= max_timeout_ms


def needs_producer_id(current: Transaction | None) -> bool:
    """Will `init_producer_id` use a fresh producer id?"""
    return current is None or (current.is_exhausted and not current.is_completing and current.state is not ONGOING)


def init_producer_id(
    current: Transaction | None, request: InitProducerIdRequest, fresh_id: int, now: Millis
) -> Decision[InitProducerIdResponse]:
    """Give the producer an epoch above all before (KIP-98). An open transaction is aborted first.

    `fresh_id` is used when the transactional id is new, or its producer id has run out of epochs.
    """
    assert request.transactional_id, "without a transactional id no coordinator is asked"
    known = current or Transaction(request.transactional_id, fresh_id)
    if known.is_completing:
        return _refuse_init(ErrorCode.CONCURRENT_TRANSACTIONS)
    if not may_continue(known, request.producer_id, request.producer_epoch):
        return _refuse_init(fenced(request.says_fenced))
    if known.state is ONGOING:
        # The client asks again when the abort is through, and only then is given an epoch.
        aborted = abort_and_fence(known, now)
        return _written(aborted, InitProducerIdResponse(ErrorCode.CONCURRENT_TRANSACTIONS))
    epochs = next_epochs(known, request.producer_epoch if request.producer_id != NO_PRODUCER_ID else NO_EPOCH)
    if epochs is None:
        return _refuse_init(fenced(request.says_fenced))
    producer_id, (epoch, last_epoch) = known.producer_id, epochs
    previous_id = known.previous_producer_id
    if epoch > LAST_EPOCH:
        producer_id, previous_id, epoch = fresh_id, known.producer_id, 0
    started = known.to(
        EMPTY, producer_id=producer_id, producer_epoch=epoch, last_producer_epoch=last_epoch,
        previous_producer_id=previous_id, timeout_ms=request.transaction_timeout_ms, partitions=PARTITIONS_OF_NONE,
        start_ms=-1, last_update_ms=now,
    )  # fmt: skip
    return _written(started, InitProducerIdResponse(ErrorCode.NONE, producer_id, epoch))


def _refuse_init(error: ErrorCode) -> Decision[InitProducerIdResponse]:
    return CoordinatorResult((), InitProducerIdResponse(error))


def may_continue(known: Transaction, producer_id: int, producer_epoch: int) -> bool:
    """Is the producer that wants to go on the one we know? One that has just started names no id, and may."""
    if producer_id == NO_PRODUCER_ID or known.producer_epoch == NO_EPOCH or producer_id == known.producer_id:
        return True
    # It was given a new id, and did not hear of it.
    return producer_id == known.previous_producer_id and producer_epoch >= LAST_EPOCH


def next_epochs(known: Transaction, expected_epoch: int) -> tuple[int, int] | None:
    """(epoch to give, the last one to remember); None: the producer is fenced (KIP-360).

    * A producer that has just started fences all before it.
    * One that recovers and has the newest epoch goes on with the next.
    * One that has the epoch before that repeats its question, and is given the same answer.
    """
    if expected_epoch == NO_EPOCH:
        return known.producer_epoch + 1, NO_EPOCH
    if known.producer_epoch in (NO_EPOCH, expected_epoch):
        return known.producer_epoch + 1, known.producer_epoch
    if expected_epoch == known.last_producer_epoch:
        return known.producer_epoch, known.last_producer_epoch
    return None


# --- AddPartitionsToTxn, AddOffsetsToTxn ---


def add_partitions(
    current: Transaction | None, asked: TransactionToAdd, client_version: int, now: Millis
) -> Decision[ErrorCode]:
    """These partitions take part. The first opens the transaction; the coordinator now knows where markers must go."""
    if current is None:
        return CoordinatorResult((), ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    # Asked first: under protocol 2 the producer may have the next producer id already.
    if current.is_completing:
        return CoordinatorResult((), ErrorCode.CONCURRENT_TRANSACTIONS)
    error = check_producer(current, asked.producer_id, asked.producer_epoch)
    if error or (current.state is ONGOING and set(asked.partitions) <= set(current.partitions)):
        return CoordinatorResult((), error)
    ongoing = current.to(
        ONGOING,
        partitions=tuple(sorted({*current.partitions, *asked.partitions})),
        start_ms=current.start_ms if current.state is ONGOING else now,
        last_update_ms=now,
        client_version=client_version,
    )
    return _written(ongoing, ErrorCode.NONE)


def check_producer(current: Transaction, producer_id: int, producer_epoch: int) -> ErrorCode:
    """Is this the producer that has this transactional id now (I21)?"""
    if producer_id != current.producer_id:
        return ErrorCode.INVALID_PRODUCER_ID_MAPPING
    return ErrorCode.NONE if producer_epoch == current.producer_epoch else ErrorCode.PRODUCER_FENCED


def verify_partitions(
    current: Transaction | None, asked: TransactionToAdd
) -> tuple[tuple[TopicPartition, ErrorCode], ...]:
    """A partition leader asks: do you know that this partition takes part (KIP-890 part 1)? Nothing is added."""
    if current is None:
        whole = ErrorCode.INVALID_PRODUCER_ID_MAPPING
    else:
        whole = check_producer(current, asked.producer_id, asked.producer_epoch)
        if not whole and current.is_completing:
            whole = ErrorCode.CONCURRENT_TRANSACTIONS
    taking_part = current.partitions if current is not None else ()
    return tuple(
        (name, whole or (ErrorCode.NONE if name in taking_part else ErrorCode.TRANSACTION_ABORTABLE))
        for name in asked.partitions
    )


# --- EndTxn ---


def ending_needs_producer_id(current: Transaction | None, request: EndTxnRequest) -> bool:
    """Will `end_transaction` use a fresh producer id? The epoch it ends with is the last."""
    return current is not None and request.bumps_epoch and current.is_exhausted


def end_transaction(
    current: Transaction | None, request: EndTxnRequest, fresh_id: int, now: Millis
) -> Decision[EndTxnResponse]:
    """Commit or abort: the Prepare record is the decision, and the answer does not wait for the markers."""
    if current is None:
        return _refuse_end(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    if not request.bumps_epoch:
        return _end_under_protocol_1(current, request, now)
    if current.is_completing:
        return _refuse_end(ErrorCode.CONCURRENT_TRANSACTIONS)
    is_retry = is_retried_end(current, request.producer_id, request.producer_epoch)
    error = ErrorCode.NONE if is_retry else check_producer(current, request.producer_id, request.producer_epoch)
    if error:
        return _refuse_end(fenced(request.says_fenced) if error == ErrorCode.PRODUCER_FENCED else error)
    if is_retry:
        if not is_outcome(current, request.commit):
            return _refuse_end(ErrorCode.INVALID_TXN_STATE)
        return CoordinatorResult((), EndTxnResponse(ErrorCode.NONE, current.producer_id, current.producer_epoch))
    if request.commit and current.state is not ONGOING:
        return _refuse_end(ErrorCode.INVALID_TXN_STATE)
    # KIP-890: an abort is always possible; a producer that is not sure whether it began can so get a new epoch.
    next_id = fresh_id if current.is_exhausted else NO_PRODUCER_ID
    prepared = prepare(current, request.commit, 2, next_id, now)
    told = completed(prepared, now)
    return _written(prepared, EndTxnResponse(ErrorCode.NONE, told.producer_id, told.producer_epoch))


def _end_under_protocol_1(current: Transaction, request: EndTxnRequest, now: Millis) -> Decision[EndTxnResponse]:
    error = check_producer(current, request.producer_id, request.producer_epoch)
    if error:
        return _refuse_end(fenced(request.says_fenced) if error == ErrorCode.PRODUCER_FENCED else error)
    if current.is_completing:
        return _refuse_end(ErrorCode.CONCURRENT_TRANSACTIONS)
    if current.state is ONGOING:
        prepared = prepare(current, request.commit, 1, NO_PRODUCER_ID, now)
        return _written(prepared, EndTxnResponse(ErrorCode.NONE))
    # Without an epoch of its own for each transaction, an end that comes late looks like one that is sent again.
    return _refuse_end(ErrorCode.NONE if is_outcome(current, request.commit) else ErrorCode.INVALID_TXN_STATE)


def _refuse_end(error: ErrorCode) -> Decision[EndTxnResponse]:
    return CoordinatorResult((), EndTxnResponse(error))


def is_retried_end(current: Transaction, producer_id: int, producer_epoch: int) -> bool:
    """Did this very request succeed before? Its epoch is the one before ours, or the last of our former id."""
    if current.state not in (COMPLETE_COMMIT, COMPLETE_ABORT):
        return False
    if producer_id == current.producer_id:
        return producer_epoch + 1 == current.producer_epoch
    overflowed = producer_epoch == LAST_EPOCH and current.producer_epoch == 0
    return overflowed and producer_id == current.previous_producer_id


def is_outcome(current: Transaction, commit: bool) -> bool:
    """Did the last transaction end this way?"""
    return current.state is (COMPLETE_COMMIT if commit else COMPLETE_ABORT)


def prepare(current: Transaction, commit: bool, client_version: int, next_id: int, now: Millis) -> Transaction:
    """The decision, as it is written down."""
    epoch, last_epoch = epochs_of_the_end(current, client_version)
    return current.to(
        PREPARE_COMMIT if commit else PREPARE_ABORT,
        producer_epoch=epoch,
        last_producer_epoch=last_epoch,
        next_producer_id=next_id,
        start_ms=current.start_ms if current.state is ONGOING else now,
        last_update_ms=now,
        client_version=client_version,
    )


def epochs_of_the_end(current: Transaction, client_version: int) -> tuple[int, int]:
    """(epoch of the markers, the one before). KIP-890: protocol 2 raises it, so that late writes and ends are known."""
    if client_version < 2:
        return current.producer_epoch, current.last_producer_epoch
    return current.producer_epoch + 1, current.producer_epoch


# --- what nobody asks for ---


def abort_and_fence(current: Transaction, now: Millis) -> Transaction:
    """Abort an open transaction that its producer did not end. The epoch rises, once, and fences it.

    Under protocol 2 the producer may ask to go on (KIP-360), since the epoch it had is remembered.
    """
    return current.to(PREPARE_EPOCH_FENCE).to(
        PREPARE_ABORT,
        producer_epoch=current.producer_epoch + 1,
        last_producer_epoch=current.producer_epoch if current.client_version >= 2 else NO_EPOCH,
        last_update_ms=now,
    )


def completed(prepared: Transaction, now: Millis) -> Transaction:
    """The transaction when all is done; a producer id without epochs left gives way to the next."""
    state = COMPLETE_COMMIT if prepared.state is PREPARE_COMMIT else COMPLETE_ABORT
    done = prepared.to(state, partitions=PARTITIONS_OF_NONE, last_update_ms=now)
    if prepared.next_producer_id == NO_PRODUCER_ID:
        return done
    return replace(
        done,
        producer_id=prepared.next_producer_id,
        producer_epoch=0,
        previous_producer_id=prepared.producer_id,
        next_producer_id=NO_PRODUCER_ID,
    )


def markers_written(current: Transaction, now: Millis) -> Decision[None]:
    """Every partition has its marker: the transaction is over, and the next may begin."""
    return _written(completed(current, now), None)


def has_timed_out(current: Transaction, now: Millis) -> bool:
    """Has an open transaction lasted longer than its transaction.timeout.ms?"""
    return current.state is ONGOING and current.start_ms + current.timeout_ms < now


def time_out(current: Transaction, now: Millis) -> Decision[None]:
    """Looked at every 10 s: abort what has been open for too long (I24)."""
    if not has_timed_out(current, now):
        return CoordinatorResult((), None)
    return _written(abort_and_fence(current, now), None)


def expire(current: Transaction, expiration_ms: Millis, now: Millis) -> Decision[None]:
    """Forget a transactional id that nobody has used for transactional.id.expiration.ms: a tombstone."""
    idle = current.state in (EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT)
    if not idle or current.last_update_ms > now - expiration_ms:
        return CoordinatorResult((), None)
    dead = current.to(DEAD)
    return CoordinatorResult((TransactionRecord(dead.transactional_id, None),), None)
