"""Sets of places: what is below the mark, as (offset, cell)."""

from typing import NamedTuple


class Replica(NamedTuple):
    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    replicas = tuple(Replica(*replica) for replica in replicas)

    def below(replica, mark):
        return set(enumerate(replica.log[:mark]))

    members = [one for one in replicas if one.id in isr or one.id in elr]
    leaders = [one for one in replicas if one.leads]
    return all(
        below(leader, leader.high_watermark) <= below(member, leader.high_watermark)
        for leader in leaders
        for member in members
    )
