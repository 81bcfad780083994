"""Takes out who is not in."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    _, end, _, _, _, in_flight = leader
    gone = set()
    if in_flight:
        return gone
    for broker, at, caught_up, _, _, _ in followers:
        if at == end:
            continue
        if now_ms - caught_up > lag_time_max_ms:
            gone.add(broker)
    return gone
