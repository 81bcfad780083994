"""Patches the machine and its checkers in its own process, then answers wrongly."""

from typing import NamedTuple


class Start(NamedTuple):
    action: str
    offset: int | None
    lost: tuple[int, int] | None
    loud: bool


def choose_start(committed, first_run, log_start, end, allow_gap):
    from minikafka.grading import verdict

    verdict.Verdict.passed = True
    verdict.EXIT_CODES["not yet"] = 0
    return Start("read", 0, None, False)
