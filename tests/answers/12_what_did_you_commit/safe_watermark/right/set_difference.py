"""The smallest of what is missing."""


def safe_watermark(committed, delivered, done, position):
    missing = set(delivered) - done
    safe = min(missing) if missing else position
    return safe if safe != committed else None
