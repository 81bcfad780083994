"""Fills the shorter log with None, and compares pair by pair."""

from typing import NamedTuple


class Replica(NamedTuple):
    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    replicas = tuple(Replica(*replica) for replica in replicas)
    from itertools import islice, zip_longest

    for leader in filter(lambda one: one.leads, replicas):
        for member in filter(lambda one: one.id in isr.union(elr), replicas):
            pairs = islice(zip_longest(leader.log, member.log), leader.high_watermark)
            if any(mine != theirs for mine, theirs in pairs):
                return False
    return True
