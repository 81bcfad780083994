"""Says nothing that could be an offset."""


def safe_watermark(committed, delivered, done, position):
    return ...
