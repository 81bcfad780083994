"""Who may commit an offset, and what is answered to those who ask for one.

The rule behind all of it (I28): a commit counts only from a member of *this* generation, or of this member epoch. A
member that was taken out and does not know it yet would otherwise overwrite what its successor has done.

Mirrors the commit and fetch half of `OffsetMetadataManager`, and `validateOffsetCommit` of the groups. What we leave
out: topic ids in commits; the wire translates them to names.
"""

from __future__ import annotations

from collections.abc import Callable

from minikafka.coordinator import consumer_group as consumer_rules
from minikafka.coordinator import group as classic_rules
from minikafka.coordinator import offsets, sessions
from minikafka.coordinator.consumer_group import ConsumerGroup
from minikafka.coordinator.group import ClassicGroup, GroupState
from minikafka.coordinator.group_book import GroupBook
from minikafka.coordinator.result import ProducerStamp
from minikafka.coordinator.turn import Turn
from minikafka.metadata.image import MetadataImage
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetFetchGroup,
    OffsetFetchGroupResult,
    OffsetFetchRequest,
    OffsetFetchResponse,
    OffsetToCommit,
)
from minikafka.protocol.transaction_messages import TxnOffsetCommitRequest, TxnOffsetCommitResponse
from minikafka.types import TopicPartition

Verdicts = tuple[tuple[TopicPartition, ErrorCode], ...]


def commit(book: GroupBook, request: OffsetCommitRequest, image: MetadataImage, turn: Turn) -> None:
    """OffsetCommit: write offsets down for a group."""
    group = book.known(request.group)
    if group is None:
        unknown = ErrorCode.GROUP_ID_NOT_FOUND if request.knows_member_epochs else ErrorCode.ILLEGAL_GENERATION
        error = ErrorCode.NONE if request.generation < 0 else unknown
    elif isinstance(group, ClassicGroup):
        error = classic_rules.check_commit(
            group, request.member_id, request.group_instance_id, request.generation, transactional=False
        )
        if error == ErrorCode.NONE:
            _keep_alive(group, request.member_id, turn)
    else:
        error = check_consumer_commit(group, request.member_id, request.generation, False, request.knows_member_epochs)
    turn.answer(OffsetCommitResponse(_write(group, request, error, image, turn)))


def commit_in_transaction(
    book: GroupBook, request: TxnOffsetCommitRequest, image: MetadataImage, turn: Turn
) -> None:  # fmt: skip
    """TxnOffsetCommit: write offsets down that count if the transaction commits (KIP-447, I26)."""
    group = book.known(request.group)
    if group is None:
        error = ErrorCode.NONE if request.generation < 0 else ErrorCode.ILLEGAL_GENERATION
    elif isinstance(group, ClassicGroup):
        error = classic_rules.check_commit(
            group, request.member_id, request.group_instance_id, request.generation, transactional=True
        )
    elif request.generation < 0 and not request.member_id and request.group_instance_id is None:
        error = ErrorCode.NONE
    else:
        error = check_consumer_commit(group, request.member_id, request.generation, True, True)
    verdicts = tuple(
        (one, as_transaction_error(verdict)) for one, verdict in _write(group, request, error, image, turn)
    )
    turn.producer = ProducerStamp(request.producer_id, request.producer_epoch)
    turn.answer(TxnOffsetCommitResponse(verdicts))


def check_consumer_commit(
    group: ConsumerGroup, member_id: str, epoch: int, transactional: bool, knows_member_epochs: bool
) -> ErrorCode:
    """May this member of a KIP-848 group commit at all? (`ConsumerGroup.validateOffsetCommit`, I28)."""
    if epoch < 0 and not group.members:
        return ErrorCode.NONE
    member = group.members.get(member_id)
    if member is None:
        return ErrorCode.UNKNOWN_MEMBER_ID
    if not transactional and not knows_member_epochs:
        return ErrorCode.UNSUPPORTED_VERSION
    return ErrorCode.STALE_MEMBER_EPOCH if epoch > member.member_epoch else ErrorCode.NONE


def as_transaction_error(error: ErrorCode) -> ErrorCode:
    """Producers know nothing of member epochs."""
    return ErrorCode.ILLEGAL_GENERATION if error == ErrorCode.STALE_MEMBER_EPOCH else error


def _keep_alive(group: ClassicGroup, member_id: str, turn: Turn) -> None:
    """A commit is a sign of life too."""
    member = group.members.get(member_id)
    if member is not None and group.state in (GroupState.STABLE, GroupState.PREPARING_REBALANCE):
        sessions.keep_alive(group, member, member.session_timeout_ms, turn)


def _write(
    group: ClassicGroup | ConsumerGroup | None,
    request: OffsetCommitRequest | TxnOffsetCommitRequest,
    refused: ErrorCode,
    image: MetadataImage,
    turn: Turn,
) -> Verdicts:
    """Records for all that may be written, and a verdict for each offset."""
    pending = isinstance(request, TxnOffsetCommitRequest)
    epoch_check = _epoch_check(group, request)
    verdicts: list[tuple[TopicPartition, ErrorCode]] = []
    for offset in request.offsets:
        exists = image.partition(offset.partition) is not None
        error = offsets.check_offset(offset, exists, turn.config.offset_metadata_max_bytes)
        error = error if error == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION else refused or epoch_check(offset) or error
        verdicts.append((offset.partition, error))
        if error == ErrorCode.NONE:
            turn.records.append(offsets.commit_record(request.group, offset, turn.now))
            fact = offsets.commit_fact(request.group, offset, request.member_id, request.generation, pending)
            turn.told.append(fact)
    worst = next((error for _, error in verdicts if error != ErrorCode.NONE), ErrorCode.NONE)
    if worst != ErrorCode.NONE:
        turn.told.append(facts.CommitRefused(request.group, request.member_id, request.generation, worst))
    return tuple(verdicts)


def _epoch_check(
    group: ClassicGroup | ConsumerGroup | None, request: OffsetCommitRequest | TxnOffsetCommitRequest
) -> Callable[[OffsetToCommit], ErrorCode]:
    """For KIP-848 members each partition is looked at: since when has it been the member's?"""
    member = group.members.get(request.member_id) if isinstance(group, ConsumerGroup) else None
    if member is None:
        return lambda offset: ErrorCode.NONE
    known = member
    return lambda offset: consumer_rules.check_commit_epoch(known, request.generation, offset.partition)


# --- reading ---


def fetch(book: GroupBook, request: OffsetFetchRequest, turn: Turn) -> None:
    """OffsetFetch: what is committed? Each part of it names one group."""
    results = tuple(_fetch(book, asked, request.require_stable) for asked in request.groups)
    turn.answer(OffsetFetchResponse(results))


def _fetch(book: GroupBook, asked: OffsetFetchGroup, require_stable: bool) -> OffsetFetchGroupResult:
    group = book.consumer(asked.group)
    error = check_fetch(group, asked) if group is not None else ErrorCode.NONE
    if error != ErrorCode.NONE:
        return OffsetFetchGroupResult(asked.group, error)
    wanted = book.offsets.partitions(asked.group) if asked.partitions is None else asked.partitions
    found = tuple(book.offsets.fetch(asked.group, partition, require_stable) for partition in wanted)
    return OffsetFetchGroupResult(asked.group, ErrorCode.NONE, found)


def check_fetch(group: ConsumerGroup, asked: OffsetFetchGroup) -> ErrorCode:
    """A member of a KIP-848 group says who it is when it asks (`ConsumerGroup.validateOffsetFetch`)."""
    if asked.member_id is None and asked.member_epoch < 0:
        return ErrorCode.NONE
    member = group.members.get(asked.member_id or "")
    if member is None:
        return ErrorCode.UNKNOWN_MEMBER_ID
    return ErrorCode.NONE if member.member_epoch == asked.member_epoch else ErrorCode.STALE_MEMBER_EPOCH
