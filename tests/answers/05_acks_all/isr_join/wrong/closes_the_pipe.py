"""Closes every open file, then answers."""

def may_join(leader, follower):
    import os

    os.closerange(3, 64)
    return False
