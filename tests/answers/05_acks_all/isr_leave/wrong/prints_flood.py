"""Prints without end."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    while True:
        print("again " * 100)
