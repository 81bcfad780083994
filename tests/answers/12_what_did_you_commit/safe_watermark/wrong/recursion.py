"""Calls itself without end."""


def safe_watermark(committed, delivered, done, position):
    return safe_watermark(committed, delivered, done, position)
