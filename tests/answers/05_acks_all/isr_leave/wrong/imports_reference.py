"""Imports what it should write."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    from minikafka.broker.isr import to_remove as theirs

    return theirs(leader, followers, now_ms, lag_time_max_ms)
