"""Loops, and will not be stopped by an exception."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
