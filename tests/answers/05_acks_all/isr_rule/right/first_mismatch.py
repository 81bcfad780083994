"""Walks along two logs up to the first offset at which they differ."""

from typing import NamedTuple


class Replica(NamedTuple):
    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    replicas = tuple(Replica(*replica) for replica in replicas)

    def same_up_to(one, other):
        offset = 0
        while offset < len(one) and offset < len(other) and one[offset] == other[offset]:
            offset += 1
        return offset

    for leader in replicas:
        if not leader.leads:
            continue
        for member in replicas:
            if member.id not in isr and member.id not in elr:
                continue
            if same_up_to(leader.log, member.log) < leader.high_watermark:
                return False
    return True
