"""Closes every open file, then answers."""

def ack_decision(p, v):
    import os

    os.closerange(3, 64)
    return "NONE"
