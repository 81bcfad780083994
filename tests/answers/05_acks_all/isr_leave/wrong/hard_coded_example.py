"""Knows the examples by heart."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    return {2} if now_ms == 30_001 else set()
