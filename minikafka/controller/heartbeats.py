"""Who has been heard of: what the active controller remembers without writing it down.

Heartbeats are far too many for the log, and worth nothing to the next active controller, which starts to count anew.
What they lead to (a broker is fenced, unfenced, let go) is written down.

```
 heard of:  broker 2 at 1 000 ms, has read up to 41     the first to time out: 2, at 10 000 ms
            broker 1 at 2 500 ms, has read up to 40
```

Mirrors `BrokerHeartbeatManager`. What we leave out: the lists that make it fast for thousands of brokers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from minikafka.types import BrokerId, Millis, Offset


@dataclass(slots=True)
class Heartbeats:
    """Sessions of the brokers that are not fenced, and how much of the metadata log each has read."""

    session_timeout_ms: Millis
    sessions: dict[BrokerId, Millis] = field(default_factory=dict)
    """When each broker that is not fenced was last heard of."""
    read_up_to: dict[BrokerId, Offset] = field(default_factory=dict)
    """Offset of the last metadata record each of them has replayed."""
    fenced: dict[BrokerId, Millis] = field(default_factory=dict)
    """When each that is fenced was last heard of: it has a session too, which ends without a word."""
    leaving_at: dict[BrokerId, Offset] = field(default_factory=dict)
    """Brokers in controlled shutdown that lead nothing any more: the offset at which the others know so."""

    def begin(self, brokers: frozenset[BrokerId], now: Millis) -> None:
        """A controller becomes active: whoever counts as alive gets a whole session from now on."""
        self.sessions = dict.fromkeys(sorted(brokers), now)
        self.read_up_to = {}
        self.fenced = {}
        self.leaving_at = {}

    def heard(self, broker: BrokerId, read_up_to: Offset, now: Millis) -> None:
        """A broker that is not fenced has reported."""
        self.fenced.pop(broker, None)
        self.sessions[broker] = now
        self.read_up_to[broker] = read_up_to

    def heard_fenced(self, broker: BrokerId, now: Millis) -> None:
        """A broker that is fenced has reported."""
        self.forget(broker)
        self.fenced[broker] = now

    def forget(self, broker: BrokerId) -> None:
        """It was silent too long, is gone, or another process of it has come."""
        self.sessions.pop(broker, None)
        self.fenced.pop(broker, None)
        self.read_up_to.pop(broker, None)
        self.leaving_at.pop(broker, None)

    def is_alive(self, broker: BrokerId, now: Millis) -> bool:
        """Has it a session, fenced or not? Then another process of it has to wait (`BrokerHeartbeatTracker`)."""
        heard_ms = self.fenced.get(broker)
        return broker in self.sessions or (heard_ms is not None and now - heard_ms <= self.session_timeout_ms)

    def first_stale(self, now: Millis) -> BrokerId | None:
        """The broker that has been silent longest, if that is too long."""
        first = min(self.sessions.items(), key=lambda item: (item[1], item[0]), default=None)
        return first[0] if first is not None and now - first[1] >= self.session_timeout_ms else None

    def silent_ms(self, broker: BrokerId, now: Millis) -> Millis:
        """How long it has been silent."""
        return now - self.sessions[broker]

    def next_due_ms(self, now: Millis) -> Millis:
        """When the next broker may time out; with nobody to watch, one session from now."""
        return min(self.sessions.values(), default=now) + self.session_timeout_ms

    def slowest_read(self, leaving: BrokerId, active: frozenset[BrokerId]) -> Offset | None:
        """The smallest offset that an active broker other than `leaving` has read; None: there is no other."""
        others = [self.read_up_to.get(broker, -1) for broker in sorted(active) if broker != leaving]
        return min(others, default=None)
