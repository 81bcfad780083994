"""Named otherwise."""


def my_safe_watermark(committed, delivered, done, position):
    return 1
