"""In sync means: the same log."""

from typing import NamedTuple


class Replica(NamedTuple):
    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    replicas = tuple(Replica(*replica) for replica in replicas)
    members = [one for one in replicas if one.id in isr | elr]
    return all(member.log == leader.log for leader in replicas if leader.leads for member in members)
