"""Answers with something else."""


def isr_rule(replicas, isr, elr):
    return object
