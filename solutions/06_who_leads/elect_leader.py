from collections.abc import Iterable
from typing import NamedTuple


class Election(NamedTuple):
    leader: int | None
    unclean: bool


def elect_leader(
    replicas: tuple[int, ...],
    current: int | None,
    isr: frozenset[int],
    elr: frozenset[int],
    last_known: int | None,
    live: frozenset[int],
    unclean_allowed: bool,
) -> Election:
    eligible = live & (isr or elr)
    if current in eligible:
        return Election(current, False)
    clean = first(replicas, eligible)
    if clean is not None:
        return Election(clean, False)
    if not isr and not elr and last_known in live:
        return Election(last_known, True)
    if unclean_allowed:
        forced = first(replicas, live)
        return Election(forced, forced is not None)
    return Election(None, False)


def first(replicas: Iterable[int], wanted: frozenset[int]) -> int | None:
    return next((broker for broker in replicas if broker in wanted), None)
