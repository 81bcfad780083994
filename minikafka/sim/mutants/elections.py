"""Faults in who leads: the dead, the wrong, the unmarked, and proposals from another time."""

# ruff: noqa: ARG001  # a mutant takes what the function it replaces takes, and mostly looks at less

from __future__ import annotations

from minikafka.config import ServerConfig
from minikafka.controller import election
from minikafka.controller.election import Election
from minikafka.metadata.image import MetadataImage, PartitionRegistration
from minikafka.metadata.records import BrokerRegistrationChangeRecord, MetadataRecord
from minikafka.protocol.controller_messages import AlterPartitionRequest, BrokerRegistrationRequest
from minikafka.protocol.errors import ErrorCode
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.schedule import Setup, schedule
from minikafka.types import BrokerId

ELECT = "minikafka.controller.election:elect_leader"
Ids = frozenset[BrokerId]

_elect_leader = election.elect_leader


def elect_any_live(
    replicas: tuple[BrokerId, ...],
    current: BrokerId | None,
    isr: Ids,
    elr: Ids,
    last_known: BrokerId | None,
    live: Ids,
    unclean_allowed: bool,
) -> Election:
    """Any live copy can lead."""
    leader = current if current in live else next((broker for broker in replicas if broker in live), None)
    return Election(leader, False)


def elect_nobody(
    replicas: tuple[BrokerId, ...],
    current: BrokerId | None,
    isr: Ids,
    elr: Ids,
    last_known: BrokerId | None,
    live: Ids,
    unclean_allowed: bool,
) -> Election:
    """Replicas will settle it among themselves."""
    return Election(current if current in live else None, False)


def elect_the_same(
    replicas: tuple[BrokerId, ...],
    current: BrokerId | None,
    isr: Ids,
    elr: Ids,
    last_known: BrokerId | None,
    live: Ids,
    unclean_allowed: bool,
) -> Election:
    """A leader stays leader."""
    if current is not None:
        return Election(current, False)
    return _elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed)


def elect_last_known_first(
    replicas: tuple[BrokerId, ...],
    current: BrokerId | None,
    isr: Ids,
    elr: Ids,
    last_known: BrokerId | None,
    live: Ids,
    unclean_allowed: bool,
) -> Election:
    """Who led last knows most."""
    if current not in live and not isr and last_known in live:
        return Election(last_known, last_known not in elr)
    return _elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed)


def elect_unclean_first(
    replicas: tuple[BrokerId, ...],
    current: BrokerId | None,
    isr: Ids,
    elr: Ids,
    last_known: BrokerId | None,
    live: Ids,
    unclean_allowed: bool,
) -> Election:
    """Allowed is preferred."""
    if unclean_allowed and current not in live:
        leader = next((broker for broker in replicas if broker in live), None)
        return Election(leader, leader not in isr)
    return _elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed)


def elect_last_known_as_clean(
    replicas: tuple[BrokerId, ...],
    current: BrokerId | None,
    isr: Ids,
    elr: Ids,
    last_known: BrokerId | None,
    live: Ids,
    unclean_allowed: bool,
) -> Election:
    """It led before, so nothing is missing."""
    return Election(_elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed).leader, False)


def fence_only(image: MetadataImage, config: ServerConfig, broker: BrokerId) -> tuple[MetadataRecord, ...]:
    """Being silent is no reason to leave the ISR."""
    return (BrokerRegistrationChangeRecord(broker, image.brokers[broker].broker_epoch, fenced=True),)


def take_every_proposal(
    image: MetadataImage, partition: PartitionRegistration, request: AlterPartitionRequest
) -> ErrorCode:
    """A leader knows best who is in sync."""
    return ErrorCode.NONE


def never_unclean(image: MetadataImage, request: BrokerRegistrationRequest) -> bool:
    """Who comes back has what it had."""
    return False


# Broker 3 has left the ISR before x, and is the only one alive.
S1 = schedule(
    (0, "cut", 3, "brokers"), (100, "send", "w"), (50_000, "send", "x"), (50_500, "crash", 2), (50_600, "crash", 1),
    (51_000, "heal"),
)  # fmt: skip
S3 = schedule(
    (0, "crash", 3), (12_000, "send", "x"), (12_500, "cut", 2, "controllers"), (24_500, "power_loss", 1),
    (24_600, "restart", 1), (36_000, "read"),
)  # fmt: skip
S4 = schedule(
    (0, "crash", 1), (12_000, "send", "x"), (12_500, "cut", 1, "brokers"), (12_600, "restart", 1), (24_500, "crash", 2)
)
S7 = (*S1, *schedule((65_000, "restart", 2), (66_000, "restart", 1)))
# Broker 2 follows without a controller, so it stays in the ELR; then it loses power, and its last records with it.
LOST_AND_BACK = schedule(
    (0, "crash", 3), (12_000, "send", "x"), (12_500, "power_loss", 2), (12_600, "restart", 2), (22_800, "crash", 1)
)
LATE_PROPOSAL = tuple(
    schedule((0, "cut", 3, "brokers"), (100, "send", "w"), (at_ms, "cut", 1, "controllers"), (60_000, "heal"))
    for at_ms in (20_000, 25_000, 29_000, 30_000, 35_000, 40_000)
)

MUTANTS = (
    Mutant(
        "elect_any_live", "any live copy can lead", "I2", "broker 3, which leads now", {ELECT: elect_any_live}, (S1,),
    ),
    Mutant(
        "elect_nobody", "replicas vote among themselves", "I30", "has no leader, though",
        {ELECT: elect_nobody}, (schedule((0, "crash", 1)),),
    ),
    Mutant(
        "elect_the_same", "a leader stays leader", "I4", "names broker 1 leader of orders-0, but its ISR is {2, 3}",
        {ELECT: elect_the_same}, (schedule((0, "crash", 1)),),
    ),
    Mutant(
        "elect_last_known_first", "who led last knows most", "I2", "broker 1, which leads now",
        {ELECT: elect_last_known_first}, (S3,),
    ),
    Mutant(
        "elect_unclean_first", "allowed is preferred", "I2", "broker 1, which leads now",
        {ELECT: elect_unclean_first}, (S4,), Setup(unclean=True),
    ),
    Mutant(
        "elect_last_known_as_clean", "it led before, so nothing is missing", "I4",
        "outside ISR {} and ELR {}, but is not marked RECOVERING",
        {ELECT: elect_last_known_as_clean}, (S7,),
    ),
    Mutant(
        "fence_only", "being silent is no reason to leave the ISR", "I4", "Broker 3 is fenced, but in the ISR",
        {"minikafka.controller.cluster_control:fence": fence_only}, (schedule((0, "crash", 3)),),
    ),
    Mutant(
        "take_every_proposal", "a leader knows best who is in sync", "I4", "is fenced, but in the ISR",
        {"minikafka.controller.replication_control:check_alter_partition": take_every_proposal}, LATE_PROPOSAL,
    ),
    Mutant(
        "never_unclean", "who comes back has what it had", "I3", "broker 2, in the",
        {"minikafka.controller.cluster_control:is_unclean_shutdown": never_unclean}, (LOST_AND_BACK,),
    ),
)  # fmt: skip
