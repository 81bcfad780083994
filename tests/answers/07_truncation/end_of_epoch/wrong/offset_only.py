"""KIP-101: the answer is an offset; which epoch it speaks of, nobody says."""

def end_of_epoch(epochs, log_end, asked):
    if asked < 0 or not epochs or asked > epochs[-1][0]:
        return None
    if asked == epochs[-1][0]:
        return asked, log_end
    return asked, next(start for epoch, start in epochs if epoch > asked)
