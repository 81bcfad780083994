"""Believes that any live copy can lead: it has the data, mostly."""

from typing import NamedTuple


class Election(NamedTuple):
    leader: int | None
    unclean: bool


def first(replicas, wanted):
    return next((broker for broker in replicas if broker in wanted), None)


def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed):
    if current in live:
        return Election(current, False)
    return Election(first(replicas, live), False)
