"""Believes that what lies below a finished record is finished."""


def safe_watermark(committed, delivered, done, position):
    safe = max(done) + 1 if done else (delivered[0] if delivered else position)
    return None if safe == committed else safe
