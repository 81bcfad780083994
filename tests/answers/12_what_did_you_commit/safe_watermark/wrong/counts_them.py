"""Compares numbers of results and of records."""


def safe_watermark(committed, delivered, done, position):
    if len(done) >= len(delivered):
        safe = position
    else:
        safe = min(offset for offset in delivered if offset not in done)
    return None if safe == committed else safe
