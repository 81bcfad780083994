"""Takes out of the ISR whoever is not known to be on time, and of the leader nothing is known."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    if leader[5]:
        return set()
    stay = {one[0] for one in followers if one[1] == leader[1] or now_ms - one[2] <= lag_time_max_ms}
    return set(leader[4]) - stay
