"""Binary search in the list of epochs."""

from bisect import bisect_right


def end_of_epoch(epochs, log_end, asked):
    numbers = [epoch for epoch, _ in epochs]
    above = bisect_right(numbers, asked)
    if asked < 0 or not epochs or asked > numbers[-1]:
        return None
    end = epochs[above][1] if above < len(epochs) else log_end
    return (numbers[above - 1] if above else asked, end)
