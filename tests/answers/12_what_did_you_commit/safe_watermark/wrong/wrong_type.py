"""Answers in words."""


def safe_watermark(committed, delivered, done, position):
    return "all of it"
