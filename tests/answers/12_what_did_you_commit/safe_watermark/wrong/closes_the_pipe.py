"""Closes every open file, then answers."""


def safe_watermark(committed, delivered, done, position):
    import os

    os.closerange(3, 64)
    return 1
