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
from minikafka.sim.checkers import ENDS_OF_GROUPS, ENDS_OF_TRANSACTIONS, FULL, GROUPS, IN_ORDER, QUORUM, TRANSACTIONS
from minikafka.sim.checkers.control import Convergence, LeaderInIsr, SingleHistory
from minikafka.sim.checkers.data import Durability
from minikafka.sim.checkers.producers import Idempotence, ProducerStateRecovery
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
        "one_after_another", "fill_disk", "slow_link_breaks",
    ),
    calls=("probe",),
    idempotent=0.5,
    paces_ms=(5, 100, 1_000, 3_000),
    mended_after_ms=(150, 1_700, 4_700, 11_000),
    power_losses=("power_loss", "tear", "flip"),
)  # fmt: skip
STACK_SWARM = replace(
    QUICK_SWARM,
    kinds=(*QUICK_SWARM.kinds, "slow_link_breaks"),
    delayed=(
        *drawing.DELAYED, "EndTxnRequest", "AddPartitionsToTxnRequest", "AddPartitionsToTxnResponse",
        "WriteTxnMarkersRequest", "OffsetCommitRequest", "ConsumerGroupHeartbeatResponse", "SyncGroupResponse",
    ),
)
TRANSACTORS = ("producer-A", "producer-T", "producer-U")
MEMBERS = tuple(f"consumer-{member}" for member in drawing.MEMBERS)  # fmt: skip
WORKERS = tuple(f"{part}-{worker}" for worker in drawing.WORKERS for part in ("consumer", "producer"))


STACK = (
    *QUICK,
    ("min.insync.replicas", "2"),
    ("offsets.topic.num.partitions", "1"),
    ("transaction.state.log.num.partitions", "1"),
    ("group.initial.rebalance.delay.ms", "300"),
    ("group.consumer.session.timeout.ms", "6000"),
    ("group.consumer.heartbeat.interval.ms", "1500"),
    ("transaction.abort.timed.out.transaction.cleanup.interval.ms", "2000"),
)
"""The same with groups and transactions: one partition of each internal topic, within the same fault budget."""
SHRINKING = (
    *QUICK,
    ("log.segment.bytes", "300"),
    ("log.retention.check.interval.ms", "2000"),
    ("log.cleaner.backoff.ms", "2000"),
    ("log.cleaner.min.cleanable.ratio", "0.01"),
    ("log.segment.delete.delay.ms", "1000"),
)
"""Segments of a few batches, which retention and compaction visit often."""


ELECTIONS = (
    ("controller.quorum.election.timeout.ms", "300"),
    ("controller.quorum.fetch.timeout.ms", "700"),
    ("controller.quorum.election.backoff.max.ms", "300"),
    ("controller.quorum.request.timeout.ms", "700"),
    ("metadata.log.max.record.bytes.between.snapshots", "2000"),
)
"""A third of the quorum's timeouts too, and a snapshot of the metadata every few changes."""


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
        swarm=replace(QUICK_SWARM, kinds=(*QUICK_SWARM.kinds, "tear", "flip", "lie")),
    ),
    Profile(
        "quorum",
        "three or five controllers, two brokers, topics that come and change, and faults of the controllers",
        setups=tuple(
            Setup(settings=(*QUICK, *ELECTIONS), controllers=controllers, brokers=2, replicas=(1, 2), min_isr=1)
            for controllers in (3, 5)
        ),
        swarm=replace(
            QUICK_SWARM,
            kinds=(
                "crash_controller", "power_loss_controller", "fast_restart_controller", "shut_down_controller",
                "pause_controller", "cut_voters", "cut_off_controller", "disconnect_voters", "slow_voters",
                "all_voters", "crash", "cut_controllers",
            ),
            most_kinds=6,
            calls=("administer",),
            call_share=1.0,
        ),
        sends=(4, 10),
        faults=(4, 10),
        checkers=(*QUORUM, LeaderInIsr, SingleHistory, Durability, Convergence),
    ),
    Profile(
        "transactions",
        "transactional and idempotent producers over two partitions, read by readers of committed records",
        setups=(
            Setup(settings=STACK, partitions=2),
            Setup(settings=(*STACK, ("log.segment.bytes", "300")), partitions=2),
        ),
        swarm=replace(
            STACK_SWARM,
            calls=(*("transact",) * 3, "pause_client"),
            call_share=0.8,
            idempotent=1.0,
            clients=TRANSACTORS,
        ),
        checkers=(*IN_ORDER[:-3], *TRANSACTIONS, *IN_ORDER[-3:-1], *ENDS_OF_TRANSACTIONS, IN_ORDER[-1]),
    ),
    Profile(
        "groups",
        "a classic and a KIP-848 group over three partitions, whose members come, go, pause and commit",
        setups=(Setup(settings=STACK, partitions=3),),
        swarm=replace(
            STACK_SWARM,
            calls=(*("join",) * 3, "leave", "commit", "pause_client"),
            call_share=0.8,
            idempotent=0.5,
            clients=("producer-A", *MEMBERS),
        ),
        checkers=(*IN_ORDER[:-3], *GROUPS, *IN_ORDER[-3:-1], *ENDS_OF_GROUPS, IN_ORDER[-1]),
    ),
    Profile(
        "full",
        "everything at once: plain, idempotent and transactional producers, groups of both kinds, and workers",
        setups=(Setup(settings=(*STACK, *ELECTIONS), controllers=3, partitions=2),),
        swarm=replace(
            STACK_SWARM,
            calls=("transact", "transact", "join", "join", "work", "work", "leave", "commit", "pause_client", "probe"),
            call_share=0.8,
            idempotent=0.7,
            clients=(*TRANSACTORS, *MEMBERS, *WORKERS),
            fewest_kinds=6,
            most_kinds=9,
        ),
        sends=(8, 16),
        faults=(7, 10),
        checkers=FULL,
    ),
    Profile(
        "administration",
        "replicas that move elsewhere, records that are deleted or compacted away, numbered producers that go on",
        setups=(
            Setup(settings=SHRINKING, brokers=4),
            Setup(settings=(*SHRINKING, ("log.retention.bytes", "600"))),
            Setup(settings=(*SHRINKING, ("log.cleanup.policy", "compact"))),
        ),
        swarm=replace(
            QUICK_SWARM, calls=("reassign", "delete_records"), call_share=0.4, idempotent=0.8, keys=("k1", "k2", "k3")
        ),
        sends=(8, 30),
        checkers=(*IN_ORDER[:-3], ProducerStateRecovery, *IN_ORDER[-3:-1], Idempotence),
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
