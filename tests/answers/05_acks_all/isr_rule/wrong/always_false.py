"""Always says the other thing."""


def isr_rule(replicas, isr, elr):
    return False
