"""Takes all the memory there is."""


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
