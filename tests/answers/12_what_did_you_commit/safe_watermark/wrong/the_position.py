"""Commits what was handed out, as auto-commit does."""


def safe_watermark(committed, delivered, done, position):
    return None if position == committed else position
