"""Prints without end."""

from typing import NamedTuple


class Election(NamedTuple):
    leader: int | None
    unclean: bool


def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed):
    while True:
        print("who leads? " * 100)
