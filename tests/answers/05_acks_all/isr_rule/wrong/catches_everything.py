"""Loops, and will not be stopped by an exception."""


def isr_rule(replicas, isr, elr):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
