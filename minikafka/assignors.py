"""Who reads what: the assignors, pure functions from members and partitions to an assignment.

```
 members   A, B, C            range        A: t-0 t-1   B: t-2       C: t-3        each topic cut into runs
 t has 4 partitions           round robin  A: t-0 t-3   B: t-1       C: t-2        dealt like cards
 then B dies                  sticky       A: t-0 t-3   C: t-2 t-1                 only what was B's moves
```

* Every partition of a topic that somebody subscribes to is given to exactly one of those who subscribe to it.
* The same arguments give the same answer, in whatever order they are written down: members are sorted here. Static
  members come first, by their instance id, so that a restart under a new member id changes nothing.
* Sticky: nobody could take a partition from somebody who has two more than itself, and no more moves than that needs.
* Cooperative: what changes hands is given to nobody yet. Its owner gives it up, and the *next* rebalance gives it out.

Mirrors `RangeAssignor`, `RoundRobinAssignor`, `AbstractStickyAssignor` and `CooperativeStickyAssignor`; the server's
`uniform` and `range` of KIP-848 are built on the same functions. What we leave out: racks (KIP-881), and the search of
the real sticky assignor for longer chains of moves where members subscribe to different topics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from minikafka.types import TopicPartition

Subscriptions: TypeAlias = Mapping[str, Sequence[str]]
"""Topics by member id."""
Counts: TypeAlias = Mapping[str, int]
"""Number of partitions by topic; a topic that is not there does not exist (yet)."""
Owned: TypeAlias = Mapping[str, Sequence[TopicPartition]]
"""What members say they own, by member id."""
Assignment: TypeAlias = dict[str, tuple[TopicPartition, ...]]
"""What each member gets; members that get nothing are there too."""


def assign_range(
    subscriptions: Subscriptions, counts: Counts, instances: Mapping[str, str] | None = None
) -> Assignment:
    """Each topic by itself: its partitions in runs, the first members get one more. It adds up over topics."""
    given: dict[str, list[TopicPartition]] = {member: [] for member in sorted(subscriptions)}
    for topic in sorted(counts):
        readers = [member for member in in_order(subscriptions, instances) if topic in subscriptions[member]]
        start = 0
        for place, member in enumerate(readers):
            size = counts[topic] // len(readers) + (place < counts[topic] % len(readers))
            given[member] += [TopicPartition(topic, number) for number in range(start, start + size)]
            start += size
    return {member: tuple(partitions) for member, partitions in given.items()}


def assign_round_robin(
    subscriptions: Subscriptions, counts: Counts, instances: Mapping[str, str] | None = None
) -> Assignment:
    """All partitions of all topics are dealt in turn; who does not subscribe to a topic is passed over."""
    given: dict[str, list[TopicPartition]] = {member: [] for member in sorted(subscriptions)}
    circle = in_order(subscriptions, instances)
    turn = 0
    for partition in wanted_partitions(subscriptions, counts):
        while partition.topic not in subscriptions[circle[turn % len(circle)]]:
            turn += 1
        given[circle[turn % len(circle)]].append(partition)
        turn += 1
    return {member: tuple(partitions) for member, partitions in given.items()}


def assign_sticky(
    subscriptions: Subscriptions,
    counts: Counts,
    owned: Owned,
    generations: Mapping[str, int] | None = None,
    instances: Mapping[str, str] | None = None,
) -> Assignment:
    """Keep what can stay, give out what nobody has, then level: as balanced as can be with the fewest moves.

    `generations` says in which generation each member owned its partitions; the newest claim wins.
    """
    given = keep_owned(subscriptions, counts, owned, generations or {})
    members = in_order(subscriptions, instances)
    kept = {partition for partitions in given.values() for partition in partitions}
    _fill(given, members, subscriptions, [one for one in wanted_partitions(subscriptions, counts) if one not in kept])
    _level(given, members, subscriptions, owned)
    return {member: tuple(sorted(given[member])) for member in sorted(given)}


def assign_cooperative_sticky(
    subscriptions: Subscriptions,
    counts: Counts,
    owned: Owned,
    generations: Mapping[str, int] | None = None,
    instances: Mapping[str, str] | None = None,
) -> Assignment:
    """The sticky assignment without what would change hands: that is given out by the rebalance after this one."""
    return hold_back(assign_sticky(subscriptions, counts, owned, generations, instances), owned)


def assign_uniform(
    subscriptions: Subscriptions, counts: Counts, owned: Owned, instances: Mapping[str, str] | None = None
) -> Assignment:
    """The server's default (KIP-848): balanced within one partition, and then what each had stays.

    Mirrors `UniformAssignor`; `owned` is the target assignment there was. Nothing is held back: the coordinator itself
    gives a partition out only after the member before has given it up.
    """
    return assign_sticky(subscriptions, counts, owned, None, instances)


def assign_server_range(
    subscriptions: Subscriptions, counts: Counts, owned: Owned, instances: Mapping[str, str] | None = None
) -> Assignment:
    """The server's `range` (KIP-848): runs, as few moves as that allows, equal numbers of equal topics together.

    Mirrors the coordinator's `RangeAssignor`: members take their places in the order of what they have, so that a
    newcomer at the end moves little. Topics with the same number of partitions and the same readers are cut alike.
    """
    first = {member: min(owned.get(member, ()), default=None) for member in subscriptions}
    places = sorted(
        in_order(subscriptions, instances),
        key=lambda member: (first[member] is None, _number_of(first[member])),
    )
    seats = {member: f"{place:09d}" for place, member in enumerate(places)}
    return assign_range(subscriptions, counts, seats)


def _number_of(partition: TopicPartition | None) -> int:
    return -1 if partition is None else partition.partition


def hold_back(assignment: Mapping[str, Sequence[TopicPartition]], owned: Owned) -> Assignment:
    """Take out what another member still owns: nobody may read it before its owner has given it up (KIP-429)."""
    owners: dict[TopicPartition, list[str]] = {}
    for member in sorted(owned):
        for partition in owned[member]:
            owners.setdefault(partition, []).append(member)
    return {
        member: tuple(
            partition for partition in partitions if member in owners.get(partition, [member])
        )
        for member, partitions in sorted(assignment.items())
    }  # fmt: skip


def keep_owned(
    subscriptions: Subscriptions, counts: Counts, owned: Owned, generations: Mapping[str, int]
) -> dict[str, list[TopicPartition]]:
    """What each member may keep: it exists, is still subscribed to, and nobody claims it in a newer generation.

    Two claims of the same generation cancel each other: one of the two was expelled and does not know it yet.
    """
    claims: dict[TopicPartition, list[tuple[int, str]]] = {}
    for member in sorted(owned):
        for partition in owned[member]:
            claims.setdefault(partition, []).append((generations.get(member, -1), member))
    given: dict[str, list[TopicPartition]] = {member: [] for member in sorted(subscriptions)}
    for partition, claimed in sorted(claims.items()):
        newest = max(generation for generation, _ in claimed)
        winners = [member for generation, member in claimed if generation == newest]
        exists = 0 <= partition.partition < counts.get(partition.topic, 0)
        if len(winners) == 1 and exists and partition.topic in subscriptions.get(winners[0], ()):
            given[winners[0]].append(partition)
    return given


def _fill(
    given: dict[str, list[TopicPartition]],
    members: Sequence[str],
    subscriptions: Subscriptions,
    free: Iterable[TopicPartition],
) -> None:
    """Each free partition goes to who has least; those that few members can take come first."""
    readers = {
        topic: [member for member in members if topic in subscriptions[member]] for topic in _topics(subscriptions)
    }
    for partition in sorted(free, key=lambda one: (len(readers[one.topic]), one)):
        given[min(readers[partition.topic], key=lambda member: len(given[member]))].append(partition)


def _level(
    given: dict[str, list[TopicPartition]], members: Sequence[str], subscriptions: Subscriptions, owned: Owned
) -> None:
    """Move one partition at a time from who has most to who has least, while they are two or more apart."""
    while (move := next_move(given, members, subscriptions, owned)) is not None:
        giver, taker, partition = move
        given[giver].remove(partition)
        given[taker].append(partition)


def next_move(
    given: Mapping[str, Sequence[TopicPartition]], members: Sequence[str], subscriptions: Subscriptions, owned: Owned
) -> tuple[str, str, TopicPartition] | None:
    """(from, to, partition) of the move that levels most, None when the assignment is balanced."""
    by_load = sorted(members, key=lambda member: len(given[member]))
    for giver in reversed(by_load):
        for taker in by_load:
            if len(given[giver]) - len(given[taker]) < 2:
                break
            movable = [one for one in sorted(given[giver]) if one.topic in subscriptions[taker]]
            if movable:
                fresh = [one for one in movable if one not in owned.get(giver, ())]
                return giver, taker, (fresh or movable)[-1]
    return None


def in_order(subscriptions: Subscriptions, instances: Mapping[str, str] | None = None) -> list[str]:
    """Member ids as every assignor takes them: static members by instance id, then the others by member id."""
    static = instances or {}
    return sorted(subscriptions, key=lambda member: (not static.get(member), static.get(member) or member))


def wanted_partitions(subscriptions: Subscriptions, counts: Counts) -> list[TopicPartition]:
    """All partitions of topics that somebody subscribes to, in order."""
    return [TopicPartition(topic, number) for topic in _topics(subscriptions) for number in range(counts.get(topic, 0))]


def _topics(subscriptions: Subscriptions) -> list[str]:
    return sorted({topic for topics in subscriptions.values() for topic in topics})
