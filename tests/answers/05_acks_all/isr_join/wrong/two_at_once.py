"""Asks for the next one while the controller still thinks."""


def may_join(leader, follower):
    _, _end, mark, start, isr, _in_flight = leader
    broker, at, _, active, fetched, known = follower
    if broker in isr:
        return False
    if at < mark:
        return False
    if at < start:
        return False
    if not active:
        return False
    return fetched == known
