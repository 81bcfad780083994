"""One change of one partition: from who is in sync and who is alive to the record that says so.

```
leader 1 · ISR 1 2 3 · broker 1 falls silent
    target ISR 2 3  →  leader 2  →  PartitionChangeRecord(isr=(2, 3), leader=2)
```

* When the target ISR is smaller than min.insync.replicas, whoever leaves it enters the ELR: the high watermark has
  stood still since, so that replica holds everything committed (KIP-966).
* When the ISR is large enough again, ELR and last known leader are cleared.
* An elected leader from outside the ISR becomes the whole ISR.

Mirrors `PartitionChangeBuilder`. What we leave out: reassignment, log directories.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.controller import election
from minikafka.metadata.image import PartitionRegistration, leader_or_none
from minikafka.metadata.records import PartitionChangeRecord
from minikafka.types import NO_LEADER, BrokerId, TopicPartition


class ElectionRules(NamedTuple):
    """What holds for this partition, besides its registration."""

    live: frozenset[BrokerId]
    """Brokers that may lead now."""
    min_isr: int
    """min.insync.replicas; capped at the number of replicas."""
    unclean_allowed: bool
    elr_enabled: bool


def change_partition(
    name: TopicPartition,
    old: PartitionRegistration,
    target_isr: tuple[BrokerId, ...],
    rules: ElectionRules,
    *,
    unclean_shutdown: frozenset[BrokerId] = frozenset(),
    recovered: bool = False,
) -> PartitionChangeRecord | None:
    """The record that brings the partition to `target_isr` and to a leader that may lead; None if nothing changes.

    `unclean_shutdown` are brokers that may have lost their last writes: they are in neither ISR nor ELR.
    """
    elr, last_known = _eligible_after(old, target_isr, rules, unclean_shutdown)
    chosen = election.elect_leader(
        old.replicas,
        leader_or_none(old.leader),
        frozenset(target_isr),
        frozenset(elr),
        last_known[0] if len(last_known) == 1 and rules.elr_enabled else None,
        rules.live,
        rules.unclean_allowed,
    )
    leader = NO_LEADER if chosen.leader is None else chosen.leader
    isr, recovering = target_isr, old.recovering and not recovered
    if leader != old.leader and leader != NO_LEADER and leader not in target_isr:
        isr, elr = (leader,), tuple(broker for broker in elr if broker != leader)
    if leader != old.leader and chosen.unclean:
        elr, last_known, recovering = (), (), True
    if not isr and not rules.elr_enabled:
        isr = old.isr
    if not isr and leader == NO_LEADER and old.leader != NO_LEADER and rules.elr_enabled:
        last_known = (old.leader,)
    record = PartitionChangeRecord(
        name.topic,
        name.partition,
        isr=isr if isr != old.isr else None,
        leader=leader if leader != old.leader else None,
        elr=elr if elr != old.elr else None,
        last_known_elr=last_known if last_known != old.last_known_elr else None,
        recovering=recovering if recovering != old.recovering else None,
    )
    return None if record.is_no_op else record


def _eligible_after(
    old: PartitionRegistration,
    target_isr: tuple[BrokerId, ...],
    rules: ElectionRules,
    unclean_shutdown: frozenset[BrokerId],
) -> tuple[tuple[BrokerId, ...], tuple[BrokerId, ...]]:
    """ELR and last known leader that go with a target ISR (`maybePopulateTargetElr`)."""
    if not rules.elr_enabled or len(target_isr) >= min(rules.min_isr, len(old.replicas)):
        return (), ()
    candidates = frozenset(old.isr) | frozenset(old.elr)
    gone = frozenset(target_isr) | unclean_shutdown
    elr = tuple(broker for broker in old.replicas if broker in candidates and broker not in gone)
    return elr, old.last_known_elr
