"""Ends the process politely."""

def ack_decision(p, v):
    import sys

    sys.exit(0)
