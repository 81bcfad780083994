"""Asks itself."""


def isr_rule(replicas, isr, elr):
    return isr_rule(replicas, isr, elr)
