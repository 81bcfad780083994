"""Believes that who is silent is behind."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    _, _, _, _, isr, in_flight = leader
    gone = set()
    if in_flight:
        return gone
    for broker, _, caught_up, _, _, _ in followers:
        if broker not in isr:
            continue
        if now_ms - caught_up > lag_time_max_ms:
            gone.add(broker)
    return gone
