"""Named otherwise."""


def run(consumer, handle):
    return None
