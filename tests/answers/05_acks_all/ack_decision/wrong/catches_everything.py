"""Loops, and will not be stopped by an exception."""

def ack_decision(p, v):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
