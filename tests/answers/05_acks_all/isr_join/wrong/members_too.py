"""Asks again for who is in."""


def may_join(leader, follower):
    _, _end, mark, start, _isr, in_flight = leader
    broker, at, _, active, fetched, known = follower
    if in_flight:
        return False
    if at < mark:
        return False
    if at < start:
        return False
    if not active:
        return False
    return fetched == known
