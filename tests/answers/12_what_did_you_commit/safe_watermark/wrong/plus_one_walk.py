"""Believes that every offset has a record."""


def safe_watermark(committed, delivered, done, position):
    safe = delivered[0] if delivered else position
    while safe in done:
        safe += 1
    return None if safe == committed else safe
