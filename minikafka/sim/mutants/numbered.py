"""Faults around numbered producers, transactions and groups: stored twice, shown too early, heard too late."""

# ruff: noqa: ARG001  # a mutant takes what the function it replaces takes, and mostly looks at less

from __future__ import annotations

from typing import Any

from minikafka.log import producer_state
from minikafka.log.producer_state import ACCEPTED, Verdict
from minikafka.protocol.errors import ErrorCode
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.profiles import STACK
from minikafka.sim.schedule import Setup, schedule
from minikafka.types import Offset

_check_sequence = producer_state.check_sequence


def every_batch_is_new(*_: Any, **__: Any) -> Verdict:
    """What a producer sends is to be stored."""
    return ACCEPTED


def only_the_same_is_refused(*arguments: Any, **more: Any) -> Verdict:
    """A number is there to know what was sent twice; who is missing will come."""
    verdict = _check_sequence(*arguments, **more)
    return ACCEPTED if verdict.error == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER else verdict


def stable_is_committed(high_watermark: Offset, first_unstable: Offset | None) -> Offset:
    """What is on all in-sync replicas may be read."""
    return high_watermark


def every_commit_counts(*_: Any, **__: Any) -> ErrorCode:
    """Who has read that far may say so."""
    return ErrorCode.NONE


# The answer is lost with the connection, and the producer sends the batch again.
ANSWER_LOST = tuple(
    schedule((0, "send", "a", {"idempotent": True}), (2_000, "send", "b", {"idempotent": True}),
             (at_ms, "disconnect", 1, "producer-A"))
    for at_ms in range(2_002, 2_012)
)  # fmt: skip
# b cannot be written, c is behind it on the way and can, and then b is sent again.
REFUSED = tuple(
    schedule((0, "send", "a", {"idempotent": True}), (2_000, "fill_disk", 1),
             (2_001, "send", "b", {"idempotent": True}), (sent_ms, "send", "c", {"idempotent": True}),
             (free_ms, "free_disk", 1))
    for sent_ms in (2_001, 2_002, 2_003)
    for free_ms in (2_003, 2_004, 2_005)
)  # fmt: skip
OPEN = schedule((0, "read", {"committed": True}), (0, "transact", "a", {"end": ""}), (4_000, "end", "abort"))
# M1 stands still for longer than its session, and is replaced; then it goes on and commits.
REPLACED = schedule(
    (0, "join", "M1"), (0, "join", "M2"), (8_000, "send", "a"), (9_000, "pause", "consumer-M1"),
    (30_000, "resume", "consumer-M1"), (30_001, "commit", "M1"),
)  # fmt: skip

MUTANTS = (
    Mutant(
        "every_batch_is_new", "what a producer sends is to be stored", "I18", "was sent once, and stands in orders-0",
        {"minikafka.log.producer_state:check_sequence": every_batch_is_new}, ANSWER_LOST, Setup(settings=STACK),
    ),
    Mutant(
        "only_the_same_is_refused", "a number is there to know what was sent twice", "I19", "has them at offsets",
        {"minikafka.log.producer_state:check_sequence": only_the_same_is_refused}, REFUSED, Setup(settings=STACK),
        story="Whoever comes before its turn must wait, or what is sent again lands behind it. Kafka refuses a gap in "
        "the numbers with OUT_OF_ORDER_SEQUENCE_NUMBER (`ProducerAppendInfo.checkSequence`).",
    ),
    Mutant(
        "stable_is_committed", "what is on all in-sync replicas may be read", "I22", "whose transaction is open",
        {"minikafka.log.partition_log:last_stable_offset": stable_is_committed}, (OPEN,), Setup(settings=STACK),
    ),
    Mutant(
        "every_commit_counts", "who has read that far may say so", "I28", "which is no longer in it",
        {"minikafka.coordinator.group:check_commit": every_commit_counts}, (REPLACED,),
        Setup(settings=STACK, partitions=2),
    ),
)  # fmt: skip
