"""Two must be in sync, always."""

from typing import NamedTuple


class Replica(NamedTuple):
    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    replicas = tuple(Replica(*replica) for replica in replicas)
    if len(isr) < 2:
        return False
    return all(
        member.log[: leader.high_watermark] == leader.log[: leader.high_watermark]
        for leader in replicas
        if leader.leads
        for member in replicas
        if member.id in isr | elr
    )
