"""Named otherwise."""


def check(data, segment_base_offset):
    return (0, 40)
