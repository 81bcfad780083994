"""Right at first, and something else when asked again."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    to_remove.asked = getattr(to_remove, "asked", set())
    question = (leader, followers, now_ms)
    again = question in to_remove.asked
    to_remove.asked.add(question)
    _, end, _, _, isr, in_flight = leader
    gone = set()
    if in_flight and not again:
        return gone
    if again:
        return {2, 3}
    for broker, at, caught_up, _, _, _ in followers:
        if broker not in isr:
            continue
        if at == end:
            continue
        if now_ms - caught_up > lag_time_max_ms:
            gone.add(broker)
    return gone
