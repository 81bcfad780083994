"""A class that knows what in sync means."""


class Watch:
    def __init__(self, leader, now_ms, allowed_ms):
        self.end, self.isr, self.busy = leader[1], leader[4], leader[5]
        self.latest = now_ms - allowed_ms

    def is_out(self, follower):
        broker, at, caught_up = follower[:3]
        return broker in self.isr and at != self.end and caught_up < self.latest


def to_remove(leader, followers, now_ms, lag_time_max_ms):
    watch = Watch(leader, now_ms, lag_time_max_ms)
    if watch.busy:
        return set()
    return {follower[0] for follower in filter(watch.is_out, followers)}
