"""Does nothing."""


def consume(consumer, handle):
    pass
