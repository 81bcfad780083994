"""KIP-101: takes the offset, and does not look at the epoch it speaks of."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    if answer is None:
        return high_watermark, True
    return min(answer[1], own_end), True
