"""Asks itself."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    return truncation_step(own_epochs, own_end, high_watermark, answer)
