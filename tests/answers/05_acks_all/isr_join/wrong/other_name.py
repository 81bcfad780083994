"""Named otherwise."""


def may_it_join(leader, follower):
    return False
