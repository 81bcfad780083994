"""Knows the examples by heart."""


def may_join(leader, follower):
    return follower[1] == 8
