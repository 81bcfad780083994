"""No Python."""


def may_join(leader, follower)
    return False
