"""Asks itself."""

def ack_decision(p, v):
    return ack_decision(p, v)
