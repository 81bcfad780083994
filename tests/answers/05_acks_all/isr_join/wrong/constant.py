"""Always says the same."""


def may_join(leader, follower):
    return False
