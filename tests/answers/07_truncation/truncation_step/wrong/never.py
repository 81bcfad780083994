"""Believes that a follower copies on from where it is."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    if answer is None:
        return high_watermark, True
    return own_end, True
