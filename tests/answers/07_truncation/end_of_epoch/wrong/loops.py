"""Never comes back."""

def end_of_epoch(epochs, log_end, asked):
    while True:
        pass
