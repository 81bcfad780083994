"""Loops, and will not be stopped by an exception."""


def safe_watermark(committed, delivered, done, position):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
