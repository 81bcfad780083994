"""Asks itself."""

def may_join(leader, follower):
    return may_join(leader, follower)
