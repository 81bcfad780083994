"""Believes that the question is how long the log is."""

def end_of_epoch(epochs, log_end, asked):
    if asked < 0 or not epochs or asked > epochs[-1][0]:
        return None
    if asked < epochs[0][0]:
        return asked, epochs[0][1]
    return max(epoch for epoch, _ in epochs if epoch <= asked), log_end
