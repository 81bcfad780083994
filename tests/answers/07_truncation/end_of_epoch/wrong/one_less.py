"""Believes that an end is the offset of the last record."""

def end_of_epoch(epochs, log_end, asked):
    if asked < 0 or not epochs or asked > epochs[-1][0]:
        return None
    if asked == epochs[-1][0]:
        return asked, log_end
    end = next(start for epoch, start in epochs if epoch > asked)
    known = [epoch for epoch, _ in epochs if epoch <= asked]
    return (known[-1], end - 1) if known else (asked, end)
