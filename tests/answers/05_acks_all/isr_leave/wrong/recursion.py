"""Asks itself."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    return to_remove(leader, followers, now_ms, lag_time_max_ms)
