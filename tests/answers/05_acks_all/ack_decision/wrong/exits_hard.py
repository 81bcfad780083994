"""Ends the process at once."""

def ack_decision(p, v):
    import os

    os._exit(0)
