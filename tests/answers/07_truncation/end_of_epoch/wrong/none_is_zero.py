"""Believes that an unknown epoch is an empty one."""

def end_of_epoch(epochs, log_end, asked):
    if asked < 0 or not epochs or asked > epochs[-1][0]:
        return asked, 0
    if asked == epochs[-1][0]:
        return asked, log_end
    end = next(start for epoch, start in epochs if epoch > asked)
    return max((epoch for epoch, _ in epochs if epoch <= asked), default=asked), end
