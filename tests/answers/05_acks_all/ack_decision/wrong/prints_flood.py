"""Prints without end."""

def ack_decision(p, v):
    while True:
        print("stored? " * 100)
