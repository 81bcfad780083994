"""Loops, and will not be stopped by an exception."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
