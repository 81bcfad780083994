"""Answers where an earlier epoch begins."""

def end_of_epoch(epochs, log_end, asked):
    if asked < 0 or not epochs or asked > epochs[-1][0]:
        return None
    if asked == epochs[-1][0]:
        return asked, log_end
    if asked < epochs[0][0]:
        return asked, epochs[0][1]
    return [pair for pair in epochs if pair[0] <= asked][-1]
