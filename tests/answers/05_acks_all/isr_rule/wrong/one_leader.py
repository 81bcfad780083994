"""There is one leader, or something is wrong."""

from typing import NamedTuple


class Replica(NamedTuple):
    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    replicas = tuple(Replica(*replica) for replica in replicas)
    leaders = [one for one in replicas if one.leads]
    if len(leaders) != 1:
        return False
    mark = leaders[0].high_watermark
    return all(one.log[:mark] == leaders[0].log[:mark] for one in replicas if one.id in isr | elr)
