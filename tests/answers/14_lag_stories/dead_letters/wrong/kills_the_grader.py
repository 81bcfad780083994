"""Goes for the process that asks."""


def handle_batch(records, work, dead, parked, tries):
    import os
    import signal

    os.kill(os.getppid(), signal.SIGKILL)
