"""Raises."""


def may_join(leader, follower):
    raise ValueError("not today")
