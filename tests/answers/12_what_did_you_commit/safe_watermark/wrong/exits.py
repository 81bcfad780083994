"""Ends the process."""


def safe_watermark(committed, delivered, done, position):
    import sys

    sys.exit(0)
