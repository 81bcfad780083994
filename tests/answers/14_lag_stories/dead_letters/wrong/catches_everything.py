"""Loops, and will not be stopped by an exception."""


def handle_batch(records, work, dead, parked, tries):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
