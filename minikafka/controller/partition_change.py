"""One change of one partition: from who is in sync and who is alive to the record that says so.

```
leader 1 · ISR 1 2 3 · broker 1 falls silent
    target ISR 2 3  →  leader 2  →  PartitionChangeRecord(isr=(2, 3), leader=2)
replicas 1 2 → 3 4 · adding 3 4 · removing 1 2 · ISR 1 2 3, and now 4 joins
    all that are added are in sync  →  replicas 3 4, ISR 3 4, leader 3
```

* When the target ISR is smaller than min.insync.replicas, whoever leaves it enters the ELR: the high watermark has
  stood still since, so that replica holds everything committed (KIP-966).
* When the ISR is large enough again, ELR and last known leader are cleared.
* An elected leader from outside the ISR becomes the whole ISR.
* A reassignment is done in the very change that brings the last added replica into the ISR.
* A leader that stays while replicas are taken away gets a new epoch: none of them may be counted any more.

Mirrors `PartitionChangeBuilder` and `PartitionReassignmentReplicas`. What we leave out: log directories.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.controller import election
from minikafka.metadata.image import PartitionRegistration, leader_or_none
from minikafka.metadata.records import PartitionChangeRecord
from minikafka.types import NO_LEADER, BrokerId, TopicPartition

Ids = tuple[BrokerId, ...]


class ElectionRules(NamedTuple):
    """What holds for this partition, besides its registration."""

    live: frozenset[BrokerId]
    """Brokers that may lead now."""
    min_isr: int
    """min.insync.replicas; capped at the number of replicas."""
    unclean_allowed: bool
    elr_enabled: bool


class Assignment(NamedTuple):
    """Who holds copies, and who of them comes or goes (KIP-455)."""

    replicas: Ids
    adding: Ids = ()
    removing: Ids = ()


def completed(assignment: Assignment, isr: Ids) -> tuple[Assignment, Ids]:
    """The assignment and ISR after a reassignment, if it can be completed with this ISR; else both as they are."""
    if not assignment.adding and not assignment.removing:
        return assignment, isr
    staying = tuple(broker for broker in isr if broker not in assignment.removing)
    if not staying or not set(assignment.adding) <= set(staying):
        return assignment, isr
    return Assignment(tuple(broker for broker in assignment.replicas if broker not in assignment.removing)), staying


def change_partition(
    name: TopicPartition,
    old: PartitionRegistration,
    target_isr: Ids,
    rules: ElectionRules,
    *,
    unclean_shutdown: frozenset[BrokerId] = frozenset(),
    recovered: bool = False,
    assignment: Assignment | None = None,
    prefer: bool = False,
) -> PartitionChangeRecord | None:
    """The record that brings the partition to `target_isr` and to a leader that may lead; None if nothing changes.

    `unclean_shutdown` are brokers that may have lost their last writes: they are in neither ISR nor ELR. `assignment`
    is who shall hold copies from now on; `prefer`: the first replica shall lead, if it may.
    """
    wanted = assignment or Assignment(old.replicas, old.adding_replicas, old.removing_replicas)
    wanted, target_isr = completed(wanted, target_isr)
    replicas = wanted.replicas
    elr, last_known = _eligible_after(old, replicas, target_isr, rules, unclean_shutdown)
    current = leader_or_none(old.leader)
    if prefer and replicas[0] in rules.live and replicas[0] in (target_isr or elr):
        current = replicas[0]
    chosen = election.elect_leader(
        replicas,
        current,
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
    after = PartitionRegistration(
        replicas, isr, leader, 0, 0, elr, last_known, recovering, wanted.adding, wanted.removing
    )
    return _difference(name, old, after)


def _difference(
    name: TopicPartition, old: PartitionRegistration, new: PartitionRegistration
) -> PartitionChangeRecord | None:
    taken_away = not set(old.replicas) <= set(new.replicas)
    record = PartitionChangeRecord(
        name.topic,
        name.partition,
        isr=new.isr if new.isr != old.isr else None,
        leader=new.leader if new.leader != old.leader or taken_away else None,
        elr=new.elr if new.elr != old.elr else None,
        last_known_elr=new.last_known_elr if new.last_known_elr != old.last_known_elr else None,
        recovering=new.recovering if new.recovering != old.recovering else None,
        replicas=new.replicas if new.replicas != old.replicas else None,
        adding_replicas=new.adding_replicas if new.adding_replicas != old.adding_replicas else None,
        removing_replicas=new.removing_replicas if new.removing_replicas != old.removing_replicas else None,
    )
    return None if record.is_no_op else record


def _eligible_after(
    old: PartitionRegistration,
    replicas: Ids,
    target_isr: Ids,
    rules: ElectionRules,
    unclean_shutdown: frozenset[BrokerId],
) -> tuple[Ids, Ids]:
    """ELR and last known leader that go with a target ISR (`maybePopulateTargetElr`). Both are replicas, always."""
    if not rules.elr_enabled or len(target_isr) >= min(rules.min_isr, len(replicas)):
        return (), ()
    candidates = frozenset(old.isr) | frozenset(old.elr)
    gone = frozenset(target_isr) | unclean_shutdown
    elr = tuple(broker for broker in replicas if broker in candidates and broker not in gone)
    return elr, tuple(broker for broker in old.last_known_elr if broker in replicas)
