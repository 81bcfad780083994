"""Returns something else."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    return "0"
