"""Named otherwise."""


def check(position, batches, max_records):
    return ((), 10)
