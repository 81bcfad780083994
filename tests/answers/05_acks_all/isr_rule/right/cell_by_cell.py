"""One expression over leaders, members and offsets."""

from typing import NamedTuple


class Replica(NamedTuple):
    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    replicas = tuple(Replica(*replica) for replica in replicas)
    return not any(
        offset >= len(member.log) or member.log[offset] != leader.log[offset]
        for leader in replicas
        if leader.leads
        for member in replicas
        if member.id in isr | elr
        for offset in range(leader.high_watermark)
    )
