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
    minimum = min(v.min_insync_replicas, len(v.replicas))
    too_few = len(v.isr) < minimum
    if p.last_offset is None:
        return "NOT_ENOUGH_REPLICAS" if p.acks == -1 and too_few else "APPEND"
    if p.acks == 0:
        return "NO_REPLY"
    if p.acks == 1:
        return "NONE"
    if v.high_watermark > p.last_offset:
        return "NOT_ENOUGH_REPLICAS_AFTER_APPEND" if too_few else "NONE"
    return "REQUEST_TIMED_OUT" if p.waited_ms >= p.timeout_ms else "WAIT"
