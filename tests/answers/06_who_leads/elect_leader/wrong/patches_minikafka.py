"""Patches the machine and its checkers in its own process, then answers wrongly."""

from typing import NamedTuple


class Election(NamedTuple):
    leader: int | None
    unclean: bool


def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed):
    import sys

    import minikafka.sim.checkers
    import minikafka.sim.explorer
    from minikafka.grading import verdict

    verdict.Verdict.passed = True
    minikafka.sim.checkers.all_checkers = lambda: []
    sys.modules["minikafka.grading.judge"] = None
    return Election(1, False)
