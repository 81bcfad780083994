"""Raises in the middle."""

from typing import NamedTuple


class Election(NamedTuple):
    leader: int | None
    unclean: bool


def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed):
    answers = []
    return answers[len("no such thing")]
