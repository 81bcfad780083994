"""From the newest epoch down: the end is where one has come from."""


def end_of_epoch(epochs, log_end, asked):
    if asked < 0 or not epochs or epochs[-1][0] < asked:
        return None
    end = log_end
    for epoch, start in reversed(epochs):
        if epoch <= asked:
            return epoch, end
        end = start
    return asked, end
