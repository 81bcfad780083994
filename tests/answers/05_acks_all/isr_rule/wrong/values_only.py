"""The same words are the same record."""

from typing import NamedTuple


class Replica(NamedTuple):
    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    replicas = tuple(Replica(*replica) for replica in replicas)
    def words(replica, mark):
        return [value for _, value in replica.log[:mark]]

    return all(
        words(member, leader.high_watermark) == words(leader, leader.high_watermark)
        for leader in replicas
        if leader.leads
        for member in replicas
        if member.id in isr | elr
    )
