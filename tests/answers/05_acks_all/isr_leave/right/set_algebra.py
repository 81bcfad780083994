"""The members without those who are level and those who are recent."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    (_, end, _, _, isr, in_flight) = leader
    known = {one[0] for one in followers}
    level = {one[0] for one in followers if one[1] == end}
    recent = {one[0] for one in followers if one[2] >= now_ms - lag_time_max_ms}
    print("level", level, "recent", recent)
    return frozenset() if in_flight else (isr & known) - level - recent
