"""No Python."""


def safe_watermark(committed, delivered, done, position)
    return 1
