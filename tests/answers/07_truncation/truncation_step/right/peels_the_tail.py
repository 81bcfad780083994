"""Recursion: as long as the last epoch is above the one named, look at the log without it."""


def truncation_step(own_epochs, own_end, high_watermark, answer):
    if answer is None:
        return high_watermark, True
    epoch, end = answer
    if not own_epochs:
        return min(own_end, end), True
    last, start = own_epochs[-1]
    if last > epoch:
        return truncation_step(own_epochs[:-1], start, high_watermark, answer)
    return (min(own_end, end), True) if last == epoch else (own_end, False)
