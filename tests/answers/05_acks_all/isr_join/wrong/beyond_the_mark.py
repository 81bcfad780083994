"""Wants one record more than is committed."""


def may_join(leader, follower):
    _, _end, mark, start, isr, in_flight = leader
    broker, at, _, active, fetched, known = follower
    if in_flight:
        return False
    if broker in isr:
        return False
    if at <= mark:
        return False
    if at < start:
        return False
    if not active:
        return False
    return fetched == known
