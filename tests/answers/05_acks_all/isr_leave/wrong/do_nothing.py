"""Returns nothing."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    pass
