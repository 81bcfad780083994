"""Believes that nothing can be said of an epoch that was never here."""

def end_of_epoch(epochs, log_end, asked):
    if epochs and 0 <= asked < epochs[0][0]:
        return asked, epochs[0][1]
    ends = {}
    for number, (epoch, _) in enumerate(epochs):
        ends[epoch] = epochs[number + 1][1] if number + 1 < len(epochs) else log_end
    return (asked, ends[asked]) if asked in ends else None
