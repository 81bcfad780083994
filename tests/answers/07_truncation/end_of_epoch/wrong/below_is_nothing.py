"""Has forgotten that logs begin late: what lies below the first epoch gets no answer."""

def end_of_epoch(epochs, log_end, asked):
    known = [epoch for epoch, _ in epochs if epoch <= asked]
    if not known or asked > epochs[-1][0]:
        return None
    if asked == epochs[-1][0]:
        return asked, log_end
    return known[-1], next(start for epoch, start in epochs if epoch > asked)
