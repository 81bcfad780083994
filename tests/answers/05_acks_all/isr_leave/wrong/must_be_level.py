"""Believes that who is not at the end is out."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    _, end, _, _, isr, in_flight = leader
    gone = set()
    if in_flight:
        return gone
    for broker, at, _, _, _, _ in followers:
        if broker not in isr:
            continue
        if at == end:
            continue
        gone.add(broker)
    return gone
