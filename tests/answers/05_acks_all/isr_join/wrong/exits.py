"""Ends the process politely."""

def may_join(leader, follower):
    import sys

    sys.exit(0)
