"""Failures that were published, as schedules: what the milestones after lessons 6 and 12 play.

```
 6    a leader that is alone acknowledges, dies, and somebody from outside the ISR leads       Jepsen on Kafka 0.8, 2013
 12   two failovers in a row, and a number that is taken for the end of another epoch          KIP-279, 2018
```

Neither is lost in Kafka as it is now. Each is written so that the functions of the lessons before decide its outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minikafka.grading.handing_over import GroupSetup, MemberRuns
from minikafka.grading.worker_pool import PoolRuns
from minikafka.sim.schedule import Schedule, Setup, schedule


@dataclass(frozen=True, slots=True)
class Milestone:
    """One of them."""

    lesson: int
    title: str
    published: str
    """Where, and what became of it there."""
    moral: str
    setup: Setup
    lines: Schedule
    beside: tuple[Callable[[Setup], Any], ...] = ()
    """Applications that read meanwhile: they ask functions that no part of the core asks."""


TO_TWO = {"producer": "B", "to": 2}
ALONE = Milestone(
    lesson=6,
    title="the leader that was alone",
    published=(
        "Published in 2013, of Kafka 0.8 (https://aphyr.com/posts/293-jepsen-kafka): the ISR shrinks to the leader, "
        "who goes on saying stored; then it is gone, and a copy from outside the ISR leads. All of that was lost."
    ),
    moral="The minimum said no while one was alone, and nobody from outside led.",
    setup=Setup(replicas=(1, 3, 2)),
    lines=schedule(
        (0, "send", "a"), (100, "read"), (700, "cut", 3, "brokers"), (50_000, "send", "b"), (51_000, "cut", 1, 2),
        (100_000, "send", "c"), (104_000, "send", "d"), (105_000, "crash", 1), (117_000, "heal"),
        (121_000, "send", "e", TO_TWO), (122_000, "ask", 2, 2, 0), (140_000, "restart", 1),
    ),
)  # fmt: skip
"""Broker 3 leaves the ISR, then broker 2; b is on brokers 1 and 2 alone, and 3 is the first in line when 1 crashes."""

ONE = {"acks": "1"}
TWICE = Milestone(
    lesson=12,
    title="two failovers in a row, and two who read",
    published=(
        "Published in 2018 as KIP-279: brokers 1, 2 and 3 lead in turn, and broker 2 comes back with records of an "
        "epoch that broker 3 never had. Asked where it ends, broker 3 said a number, and two logs differed for good."
    ),
    moral="The logs agree, and no order was skipped by whoever read meanwhile.",
    setup=GroupSetup(
        min_isr=1, settings=(("offsets.topic.num.partitions", "1"), ("group.initial.rebalance.delay.ms", "0"))
    ),
    lines=schedule(
        (0, "send", "a3"), (0, "send", "b1"), (5_000, "cut", 2, "brokers"), (5_001, "send", "m1", {**ONE, "to": 1}),
        (5_300, "send", "m2", {**ONE, "to": 1}), (6_000, "crash", 1),
        (18_000, "send", "m3", {**ONE, "to": 2, "producer": "B"}),
        (18_300, "send", "m4", {**ONE, "to": 2, "producer": "B"}), (19_000, "crash", 2),
        (30_000, "send", "m5", {**ONE, "to": 3, "producer": "C"}), (31_000, "heal"), (31_001, "restart", 2),
        (33_000, "join", "M2"), (45_000, "restart", 1),
    ),
    beside=(PoolRuns, MemberRuns),
)  # fmt: skip
"""The work on m5 takes five seconds: when M2 joins the group it is in hand."""

MILESTONES = (ALONE, TWICE)
