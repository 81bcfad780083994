"""Does nothing."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    pass
