"""Prints without end."""


def safe_watermark(committed, delivered, done, position):
    while True:
        print("still here", "x" * 100)
