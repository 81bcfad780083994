"""Says nothing."""


def safe_watermark(committed, delivered, done, position):
    pass
