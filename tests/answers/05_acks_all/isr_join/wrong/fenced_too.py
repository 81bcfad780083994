"""Believes that who fetches is alive."""


def may_join(leader, follower):
    _, _end, mark, start, isr, in_flight = leader
    broker, at, _, _active, fetched, known = follower
    if in_flight:
        return False
    if broker in isr:
        return False
    if at < mark:
        return False
    if at < start:
        return False
    return fetched == known
