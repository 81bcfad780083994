"""A list of conditions."""


class Needs:
    def __init__(self, leader, follower):
        _, self.end, self.mark, self.start, self.isr, self.in_flight = leader
        self.broker, self.at, _, self.active, self.fetched, self.known = follower

    def met(self):
        yield not self.in_flight
        yield self.broker not in self.isr
        yield self.at >= max(self.mark, self.start)
        yield self.active and self.fetched == self.known


def may_join(leader, follower):
    return all(Needs(leader, follower).met())
