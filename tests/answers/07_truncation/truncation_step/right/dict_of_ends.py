"""A dict with the end of every epoch, and the highest one that is not above the answer's."""

from itertools import pairwise


def truncation_step(own_epochs, own_end, high_watermark, answer):
    if answer is None:
        return (high_watermark, True)
    epoch, end = answer
    ends = {mine: own_end for mine, _ in own_epochs}
    for (mine, _), (_, start) in pairwise(own_epochs):
        ends[mine] = start
    if not ends:
        return (min(end, own_end), True)
    if epoch in ends:
        return (min(ends[epoch], end), True)
    highest = max((mine for mine in ends if mine < epoch), default=None)
    return (min(own_epochs[0][1], end), True) if highest is None else (ends[highest], False)
