"""Loops, and will not be stopped by an exception."""


def hand_over(event, taken, tracked):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
