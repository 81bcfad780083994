"""Loops, and will not be stopped by an exception."""

def end_of_epoch(epochs, log_end, asked):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
