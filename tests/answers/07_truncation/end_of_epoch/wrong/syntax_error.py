"""Does not even parse."""


def end_of_epoch(epochs, log_end, asked)
    return None
