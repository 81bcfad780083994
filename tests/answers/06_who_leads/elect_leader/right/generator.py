"""Candidates one after the other, each with its mark; the first that is live wins."""

from typing import NamedTuple


class Election(NamedTuple):
    leader: int | None
    unclean: bool


def candidates(replicas, current, isr, elr, last_known, unclean_allowed):
    in_sync = isr if isr else elr
    if current in in_sync:
        yield current, False
    for broker in replicas:
        if broker in in_sync:
            yield broker, False
    if not isr and not elr and last_known is not None:
        yield last_known, True
    if unclean_allowed:
        for broker in replicas:
            yield broker, True


def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed):
    for leader, unclean in candidates(replicas, current, isr, elr, last_known, unclean_allowed):
        if leader in live:
            return Election(leader, unclean)
    return Election(None, False)
