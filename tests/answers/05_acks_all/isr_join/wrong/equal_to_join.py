"""Believes that who joins must be at the very end."""


def may_join(leader, follower):
    _, end, _mark, _start, isr, in_flight = leader
    broker, at, _, active, fetched, known = follower
    if in_flight:
        return False
    if broker in isr:
        return False
    if at < end:
        return False
    if not active:
        return False
    return fetched == known
