"""Raises."""


def ack_decision(p, v):
    raise ValueError("not today")
