"""Named otherwise."""


def cut(epochs, log_end, asked):
    return (0, 0)
