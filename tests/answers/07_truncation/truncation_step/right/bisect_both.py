"""Binary search in one's own list; the case is told by where it lands."""

from bisect import bisect_right


def truncation_step(own_epochs, own_end, high_watermark, answer):
    if answer is None:
        return high_watermark, True
    named, leader_end = answer
    numbers, starts = [epoch for epoch, _ in own_epochs], [start for _, start in own_epochs]
    above = bisect_right(numbers, named)
    end = [*starts, own_end][above]
    is_known = above > 0 and numbers[above - 1] == named
    if above == 0 or is_known:
        return min(end, leader_end), True
    return end, False
