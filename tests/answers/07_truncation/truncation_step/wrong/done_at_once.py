"""Believes that one question settles it."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    if answer is None:
        return high_watermark, True
    named, leader_end = answer
    own_end_of_it = next((start for epoch, start in own_epochs if epoch > named), own_end)
    not_above = [epoch for epoch, _ in own_epochs if epoch <= named]
    if not_above and not_above[-1] != named:
        return own_end_of_it, True
    return min(own_end_of_it, leader_end), True
