"""Asks for the next change while the controller still thinks."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    _, end, _, _, isr, _ = leader
    gone = set()
    for broker, at, caught_up, _, _, _ in followers:
        if broker not in isr:
            continue
        if at == end:
            continue
        if now_ms - caught_up > lag_time_max_ms:
            gone.add(broker)
    return gone
