"""Loops without end."""


def safe_watermark(committed, delivered, done, position):
    while True:
        pass
