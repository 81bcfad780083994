"""05/ack_decision: what is the producer told, and when? README.md beside this file says what is asked."""

from typing import NamedTuple


class Produce(NamedTuple):
    acks: int
    last_offset: int | None
    waited_ms: int
    timeout_ms: int


class LeaderView(NamedTuple):
    replicas: tuple[int, ...]
    isr: frozenset[int]
    min_insync_replicas: int
    high_watermark: int
    ends: tuple[tuple[int, int], ...]


def ack_decision(p: Produce, v: LeaderView) -> str:
    p, v = Produce(*p), LeaderView(*v)
    raise NotImplementedError("what is the producer told?")
