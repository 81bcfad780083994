"""Returns something else."""

def end_of_epoch(epochs, log_end, asked):
    return "0"
