"""06/elect_leader: who leads now? README.md beside this file says what is asked."""

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
    raise NotImplementedError("who leads?")
