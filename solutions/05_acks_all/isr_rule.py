from typing import NamedTuple


class Replica(NamedTuple):
    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    replicas = tuple(Replica(*replica) for replica in replicas)
    for leader in (one for one in replicas if one.leads):
        mark = leader.high_watermark
        for member in replicas:
            if member.id in isr | elr and member.log[:mark] != leader.log[:mark]:
                return False
    return True
