"""Prints without end."""


def isr_rule(replicas, isr, elr):
    while True:
        print("again " * 100)
