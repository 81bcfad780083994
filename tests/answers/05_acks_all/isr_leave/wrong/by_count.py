"""Believes that in sync is a number of records: four behind is out."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    _, end, _, _, isr, in_flight = leader
    gone = set()
    if in_flight:
        return gone
    for broker, at, caught_up, _, _, _ in followers:
        if broker not in isr:
            continue
        if at == end:
            continue
        if end - at > 4 or now_ms - caught_up > lag_time_max_ms:
            gone.add(broker)
    return gone
