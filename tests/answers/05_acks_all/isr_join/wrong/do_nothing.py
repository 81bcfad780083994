"""Returns nothing."""


def may_join(leader, follower):
    pass
