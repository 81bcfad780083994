"""Right at first, and something else when asked again."""


def may_join(leader, follower):
    may_join.asked = getattr(may_join, "asked", set())
    _, _end, mark, start, isr, in_flight = leader
    broker, at, _, active, fetched, known = follower
    right = not in_flight and broker not in isr and at >= max(mark, start) and active and fetched == known
    if (leader, follower) in may_join.asked:
        return not right
    may_join.asked.add((leader, follower))
    return right
