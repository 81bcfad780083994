"""Folds the followers one after the other into what is left of the leader's end."""

from functools import reduce


def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    def step(so_far, view):
        mark, members = so_far
        _, end, in_isr, joining = view
        return (min(mark, end) if in_isr or joining else mark), members + bool(in_isr)

    mark, members = reduce(step, followers, (leader_end, 1))
    if members >= effective_min_isr and mark > current:
        return mark
    return current
