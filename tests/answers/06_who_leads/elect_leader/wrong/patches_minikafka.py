"""Patches the machine and its checkers in its own process, then answers wrongly."""

from typing import NamedTuple


class Election(NamedTuple):
    leader: int | None
    unclean: bool


def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed):
    from minikafka.grading import verdict

    verdict.Verdict.passed = True
    verdict.EXIT_CODES["not yet"] = 0
    return Election(1, False)
