"""No Python."""


def isr_rule(replicas, isr, elr)
    return None
