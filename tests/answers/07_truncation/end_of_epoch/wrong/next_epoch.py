"""Names the epoch at whose start it has looked."""

def end_of_epoch(epochs, log_end, asked):
    if asked < 0 or not epochs or asked > epochs[-1][0]:
        return None
    if asked == epochs[-1][0]:
        return asked, log_end
    if asked in dict(epochs) or asked < epochs[0][0]:
        return asked, next(start for epoch, start in epochs if epoch > asked)
    return next(pair for pair in epochs if pair[0] > asked)
