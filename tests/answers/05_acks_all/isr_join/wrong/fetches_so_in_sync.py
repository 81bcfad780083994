"""Believes that who fetches is in sync."""


def may_join(leader, follower):
    _, _end, _mark, _start, isr, in_flight = leader
    broker, at, _, active, fetched, known = follower
    if in_flight:
        return False
    if broker in isr:
        return False
    if at < 0:
        return False
    if not active:
        return False
    return fetched == known
