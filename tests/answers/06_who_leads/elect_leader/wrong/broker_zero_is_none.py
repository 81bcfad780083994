"""Tests a broker for truth, and forgets that broker 0 is a broker."""

from typing import NamedTuple


class Election(NamedTuple):
    leader: int | None
    unclean: bool


def first(replicas, wanted):
    return next((broker for broker in replicas if broker in wanted), None)


def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed):
    eligible = live & (isr or elr)
    if current in eligible:
        return Election(current, False)
    clean = first(replicas, eligible)
    if clean:
        return Election(clean, False)
    if not isr and not elr and last_known in live:
        return Election(last_known, True)
    if unclean_allowed:
        forced = first(replicas, live)
        return Election(forced, forced is not None)
    return Election(None, False)
