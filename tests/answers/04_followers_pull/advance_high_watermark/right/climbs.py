"""Climbs from record to record while all that count hold it."""

from dataclasses import dataclass


@dataclass
class Follower:
    broker: int
    end: int
    in_isr: bool
    joining: bool

    def holds(self, offset):
        return offset < self.end


def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    everyone = [Follower(*view) for view in followers]
    if len([one for one in everyone if one.in_isr]) + 1 < effective_min_isr:
        return current
    counting = [one for one in everyone if one.in_isr or one.joining]
    while current < leader_end and all(one.holds(current) for one in counting):
        current += 1
    return current
