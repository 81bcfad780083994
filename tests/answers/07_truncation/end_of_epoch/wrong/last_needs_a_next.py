"""Looks for the next epoch, and has no answer where there is none."""

def end_of_epoch(epochs, log_end, asked):
    if asked < 0:
        return None
    above = [start for epoch, start in epochs if epoch > asked]
    if not above:
        return None
    return max((epoch for epoch, _ in epochs if epoch <= asked), default=asked), above[0]
