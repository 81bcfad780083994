"""Believes that a commit only ever grows."""


def safe_watermark(committed, delivered, done, position):
    safe = min((offset for offset in delivered if offset not in done), default=position)
    if committed is not None:
        safe = max(committed, safe)
    return None if safe == committed else safe
