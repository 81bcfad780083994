"""Believes that the start of the epoch is enough."""


def may_join(leader, follower):
    _, _end, _mark, start, isr, in_flight = leader
    broker, at, _, active, fetched, known = follower
    if in_flight:
        return False
    if broker in isr:
        return False
    if at < start:
        return False
    if not active:
        return False
    return fetched == known
