"""What is explored: the few profiles from which schedules are drawn, as data.

A profile says on which clusters a schedule may run, what clients and faults may do in it, which promises are watched,
and which of them must have had something to judge. None is made for one bug; a bug that only a schedule of its own can
find is counted apart (`mutants/`).

Timeouts are shorter than Kafka's defaults, all in proportion, so that a schedule has less idle time in it. Nothing else
about the nodes differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from minikafka.config import unknown_name
from minikafka.sim import drawing
from minikafka.sim.checkers import IN_ORDER
from minikafka.sim.checkers.promise import Promise
from minikafka.sim.drawing import Swarm
from minikafka.sim.schedule import Schedule, Setup

QUICK = (
    ("broker.heartbeat.interval.ms", "700"),
    ("broker.session.timeout.ms", "3000"),
    ("replica.lag.time.max.ms", "6000"),
    ("replica.fetch.backoff.ms", "300"),
)
"""A third of Kafka's default timeouts, and a fifth of the lag time."""
QUICK_SWARM = Swarm(
    kinds=(
        "crash", "power_loss", "pause", "cut_controllers", "cut_brokers", "cut_pair", "disconnect", "shut_down",
        "slow_link", "delay", "fast_restart", "double_failover", "crash_controller",
        "one_after_another", "fill_disk",
    ),
    calls=("probe",),
    paces_ms=(5, 100, 1_000, 3_000),
    mended_after_ms=(150, 1_700, 4_700, 11_000),
)  # fmt: skip


class ProfileError(ValueError):
    """There is no such profile; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of schedule."""

    name: str
    about: str
    setups: tuple[Setup, ...]
    """One of them is drawn for each schedule; the first half of the time the first."""
    swarm: Swarm = QUICK_SWARM
    sends: tuple[int, int] = (3, 12)
    faults: tuple[int, int] = (2, 8)
    checkers: tuple[type[Promise], ...] = IN_ORDER
    may_stay_empty: tuple[str, ...] = ()
    """Promises that need not have had anything to judge; of all others one that never had fails the exploration."""

    def draw(self, seed: int, number: int) -> tuple[Setup, Schedule]:
        """Schedule `number` of an exploration, and what it runs on. Same arguments, same answer."""
        random = Random(f"{self.name}/{seed}/{number}")
        setup = self.setups[0] if random.random() < 0.5 else random.choice(self.setups)
        sends, faults = random.randint(*self.sends), random.randint(*self.faults)
        lines = drawing.random_schedule(random, setup, sends, faults, self.swarm)
        return replace(setup, seed=random.randrange(1 << 30)), lines


PROFILES = (
    Profile(
        "replication",
        "three brokers, one partition, plain producers and readers",
        setups=(
            Setup(settings=QUICK),
            Setup(settings=QUICK, min_isr=1, unclean=True),
            Setup(settings=QUICK, brokers=4, replicas=(4, 2, 3), min_isr=3),
            Setup(settings=(*QUICK, ("replica.fetch.max.bytes", "1"))),
        ),
    ),
)  # fmt: skip


def names() -> list[str]:
    """All profiles by name."""
    return [one.name for one in PROFILES]


def profile(name: str) -> Profile:
    """The profile of this name. Raises `ProfileError` with one sentence."""
    found = next((one for one in PROFILES if one.name == name), None)
    if found is None:
        raise ProfileError(unknown_name("profile", name, names()))
    return found
