"""Does not even parse."""


def truncation_step(own_epochs, own_end, high_watermark, answer)
    return None
