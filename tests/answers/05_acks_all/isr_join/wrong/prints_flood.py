"""Prints without end."""

def may_join(leader, follower):
    while True:
        print("in sync? " * 100)
