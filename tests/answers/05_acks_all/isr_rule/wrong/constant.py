"""Always says the same."""


def isr_rule(replicas, isr, elr):
    return True
