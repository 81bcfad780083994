"""Answers with something else."""


def ack_decision(p, v):
    return True
