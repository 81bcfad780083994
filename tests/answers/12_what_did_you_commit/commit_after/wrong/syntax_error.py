"""No Python."""


def consume(consumer, handle)
    return 1
