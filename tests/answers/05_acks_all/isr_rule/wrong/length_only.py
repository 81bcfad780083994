"""Long enough is good enough."""

from typing import NamedTuple


class Replica(NamedTuple):
    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    replicas = tuple(Replica(*replica) for replica in replicas)
    members = [one for one in replicas if one.id in isr | elr]
    marks = [one.high_watermark for one in replicas if one.leads]
    return all(len(member.log) >= mark for member in members for mark in marks)
