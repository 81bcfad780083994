"""The last one that believes to lead is taken for the only one."""

from typing import NamedTuple


class Replica(NamedTuple):
    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    replicas = tuple(Replica(*replica) for replica in replicas)
    leaders = [one for one in replicas if one.leads]
    if not leaders:
        return True
    leader = leaders[-1]
    mark = leader.high_watermark
    return all(one.log[:mark] == leader.log[:mark] for one in replicas if one.id in isr | elr)
