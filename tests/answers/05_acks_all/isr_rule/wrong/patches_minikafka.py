"""Patches the machine and its checkers in its own process, then answers wrongly."""


def isr_rule(replicas, isr, elr):
    from minikafka.grading import verdict

    verdict.Verdict.passed = True
    verdict.EXIT_CODES["not yet"] = 0
    return True
