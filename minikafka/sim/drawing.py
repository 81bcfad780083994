"""Draw a schedule at random: a mix first, then everything else from that mix.

```
 Swarm (what a profile allows) ─▶ mix: {crash, cut_pair}, about 100 ms apart, mended after the session ─▶ a schedule
```

* Uniformly random faults find little: too many of everything heals itself. So the *mix* is drawn first, once for each
  schedule: which faults occur, how fast things follow each other, how soon they are mended (swarm testing).
* Some kinds are biased on purpose, though made for no single bug: one kind of message late, one link slow, two leaders
  gone one after the other, a process that is back at once.
* Power losses stay within the fault budget, so that a lost record is somebody's fault.

What we leave out: learning from what earlier schedules reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from minikafka.sim.schedule import Entry, Schedule, Setup
from minikafka.types import BrokerId, Millis, NodeId, controller_node

MEMBERS = ("M1", "M2", "M3", "K1", "K2")
"""Consumers in groups: M of a classic one, K of a KIP-848 one."""
WORKERS = ("W1", "W2", "X1", "X2")
"""Applications that read in groups and write in transactions: W in a classic one, X in a KIP-848 one."""
TOPICS = ("red", "green", "blue", "white")
"""Topics that an administrator creates besides."""
LATE_MS = (-1, 5, 700, 12_000)
"""How much later requests of a broken connection arrive; -1: they are lost."""
MUCH_LATER_MS = (-1, 700, 3_000, 12_000)
"""The same where the world shall have moved on meanwhile: a member is replaced, a process is back, a leader changed."""
DELAYED = (
    "AlterPartitionRequest", "AlterPartitionResponse", "FetchRequest", "FetchResponse", "ProduceRequest",
    "ProduceResponse", "BrokerHeartbeatRequest", "MetadataResponse",
)  # fmt: skip
"""Kinds of messages that may be late."""
LOSSY = ("power_loss", "tear", "flip")
"""Ways to lose a page cache."""
DISK_MENDS = {"fill_disk": "free_disk", "slow_disk": "fast_disk", "lie": "stop_lying"}
DELAY_MS = (20, 200, 1_500, 8_000)


@dataclass(frozen=True, slots=True)
class Swarm:
    """What may occur in the schedules of a profile. The defaults are for Kafka's own timeouts."""

    kinds: tuple[str, ...] = (
        "crash", "power_loss", "pause", "cut_controllers", "cut_brokers", "cut_pair", "disconnect", "shut_down",
    )  # fmt: skip
    fewest_kinds: int = 1
    most_kinds: int = 4
    """Of how many of them the faults of one schedule are drawn."""
    paces_ms: tuple[Millis, ...] = (5, 100, 1_000, 6_000)
    """How long it is from one thing to the next, about."""
    mended_after_ms: tuple[Millis, ...] = (300, 5_000, 14_000, 50_000)
    """At once, within a session, after the session, after the lag time."""
    delayed: tuple[str, ...] = DELAYED
    clients: tuple[NodeId, ...] = ("producer-A",)
    """Who may be paused, and whose connections to brokers may break."""
    power_losses: tuple[str, ...] = ("power_loss",)
    """Verbs that take the power; some leave a damaged write behind."""
    calls: tuple[str, ...] = ()
    """What clients do besides sending; see `workload.py`."""
    call_share: float = 0.2
    """For how many of the sends they do something else too."""
    idempotent: float = 0.0
    """Share of schedules in which plain producers are numbered."""
    keys: tuple[str, ...] = ()
    """Records have one of these keys, for logs that are compacted."""


@dataclass(slots=True)
class Mix:
    """What is drawn once for a schedule."""

    kinds: list[str]
    pace_ms: Millis
    mended_after_ms: list[Millis]
    acks_all: float
    """Share of sends with acks=all."""
    favourite: BrokerId
    """The broker that most faults strike."""
    may_lose_power: list[BrokerId]
    producers: list[str]
    idempotent: bool
    asked_first: dict[str, BrokerId]
    """Which broker each producer asks first who leads."""


USUAL = Swarm()


def random_schedule(random: Random, setup: Setup, sends: int, faults: int, swarm: Swarm = USUAL) -> Schedule:
    """Draw a schedule with so many sends and so many faults, in time order, each fault with what mends it."""
    mix = _draw_mix(random, setup, swarm)
    what = ["send"] * sends + ["fault"] * faults
    random.shuffle(what)
    lines = [Entry(0, "read")] if random.random() < 0.4 else []
    at_ms = 0
    for number, kind in enumerate(what):
        at_ms += _gap(random, mix, swarm)
        if kind == "send":
            if swarm.calls and random.random() < swarm.call_share:
                lines += _calls(random, setup, swarm, at_ms, number)
            lines += _send(random, mix, setup, swarm, at_ms, number)
        else:
            lines += _fault(random, mix, setup, swarm, at_ms)
    return tuple(sorted(lines, key=lambda entry: entry.at_ms))


def _draw_mix(random: Random, setup: Setup, swarm: Swarm) -> Mix:
    kinds = random.sample(swarm.kinds, random.randint(swarm.fewest_kinds, min(swarm.most_kinds, len(swarm.kinds))))
    lossy = min(setup.min_isr, len(setup.replicas)) - 1
    return Mix(
        kinds=kinds,
        pace_ms=random.choice(swarm.paces_ms),
        mended_after_ms=random.sample(swarm.mended_after_ms, random.randint(1, 2)),
        acks_all=random.choice((1.0, 0.8, 0.3)),
        favourite=random.choice(setup.replicas),
        may_lose_power=random.sample(setup.replicas, lossy),
        producers=random.choice((["A"], ["A", "B"], ["A", "B", "C"])),
        idempotent=bool(swarm.idempotent) and random.random() < swarm.idempotent,
        asked_first={producer: random.choice(setup.replicas) for producer in "ABC"},
    )


def _gap(random: Random, mix: Mix, swarm: Swarm) -> Millis:
    """Mostly the pace of this schedule, now and then a long wait."""
    if random.random() < 0.12:
        return random.choice(swarm.mended_after_ms)
    return random.randint(0, 2 * mix.pace_ms)


def _send(random: Random, mix: Mix, setup: Setup, swarm: Swarm, at_ms: Millis, number: int) -> list[Entry]:
    acks = "all" if random.random() < mix.acks_all else "1"
    producer = random.choice(mix.producers)
    # A producer that starts late asks another broker who leads, and may know better than one that started early.
    options: dict[str, Any] = {"acks": acks, "producer": producer, "to": mix.asked_first[producer]}
    if mix.idempotent and acks == "all":
        options["idempotent"] = True
    if setup.partitions > 1:
        options["partition"] = random.randrange(setup.partitions)
    if swarm.keys:
        options["key"] = random.choice(swarm.keys)
    return [Entry(at_ms, "send", (f"v{number}",), tuple(sorted(options.items())))]


def _calls(random: Random, setup: Setup, swarm: Swarm, at_ms: Millis, number: int) -> list[Entry]:
    """Something else that a client does."""
    match random.choice(swarm.calls):
        case "administer":
            return [Entry(at_ms, "administer", _administration(random))]
        case "transact":
            return _transaction(random, setup, swarm, at_ms, number)
        case "join":
            member = random.choice(MEMBERS)
            protocol = "consumer" if member.startswith("K") else "classic"
            committed = "transact" in swarm.calls and random.random() < 0.5
            reads: tuple[tuple[str, Any], ...] = (("committed", True),) if committed else ()
            return [Entry(at_ms, "join", (member,), (*reads, ("protocol", protocol)))]
        case "work":
            worker = random.choice(WORKERS)
            protocol = "consumer" if worker.startswith("X") else "classic"
            return [Entry(at_ms, "work", (worker,), (("protocol", protocol),))]
        case "leave" | "commit" as verb:
            return [Entry(at_ms, verb, (random.choice(MEMBERS),))]
        case "pause_client":
            client = random.choice(swarm.clients)
            resumed_ms = at_ms + random.choice(swarm.mended_after_ms)
            return [Entry(at_ms, "pause", (client,)), Entry(resumed_ms, "resume", (client,))]
        case "delete_records":
            offset, partition = random.choice((-1, random.randint(0, number))), random.randrange(setup.partitions)
            return [Entry(at_ms, "delete_records", (offset,), (("partition", partition),))]
        case "reassign":
            brokers = tuple(random.sample(range(1, setup.brokers + 1), len(setup.replicas)))
            return [Entry(at_ms, "reassign", brokers, (("partition", random.randrange(setup.partitions)),))]
        case verb:
            return [Entry(at_ms, verb, (random.choice(setup.replicas),))]


def _transaction(random: Random, setup: Setup, swarm: Swarm, at_ms: Millis, number: int) -> list[Entry]:
    """A transaction over some partitions, ended at once or later; two producers may share one identity."""
    values = tuple(f"t{number}{letter}" for letter in "ab"[: random.randint(1, 2)])
    producer, how = random.choice("TTTU"), random.choice(("commit", "commit", "abort"))
    options: dict[str, Any] = {"producer": producer, "partition": random.randrange(setup.partitions)}
    if random.random() < 0.6:
        return [Entry(at_ms, "transact", values, tuple(sorted({**options, "end": how}.items())))]
    lines = [Entry(at_ms, "transact", values, tuple(sorted({**options, "end": ""}.items())))]
    if random.random() < 0.2:
        return lines  # Nobody ends it but its timeout.
    end_ms = at_ms + random.choice((300, *swarm.mended_after_ms))
    return [*lines, Entry(end_ms, "end", (how,), (("producer", producer),))]


def _administration(random: Random) -> tuple[str, ...]:
    """A few topics come and change."""
    topic, what = random.choice(TOPICS), random.choice(("create", "create", "set"))
    return (what, topic, str(random.randint(1, 9) * 3_600_000)) if what == "set" else (what, topic)


# --- faults ---


def _fault(random: Random, mix: Mix, setup: Setup, swarm: Swarm, at_ms: Millis) -> list[Entry]:
    broker = mix.favourite if random.random() < 0.4 else random.choice(setup.replicas)
    kind = random.choice(mix.kinds)
    mended_ms = at_ms + random.choice(mix.mended_after_ms)
    if kind in LOSSY:
        if not mix.may_lose_power:
            kind = "crash"
        elif broker not in mix.may_lose_power:
            broker = random.choice(mix.may_lose_power)
    match kind:
        case "power_loss":
            verb = random.choice(swarm.power_losses)
            return [Entry(at_ms, verb, (broker,)), Entry(mended_ms, "restart", (broker,))]
        case "crash" | "tear" | "flip" | "shut_down":
            return [Entry(at_ms, kind, (broker,)), Entry(mended_ms, "restart", (broker,))]
        case _ if kind.endswith(("_controller", "_voters")):
            return _among_controllers(random, setup, kind, at_ms, mended_ms)
        case "fast_restart":
            back_ms = at_ms + random.choice((2, 20, 300))
            return [Entry(at_ms, "crash", (broker,)), Entry(back_ms, "restart", (broker,))]
        case "double_failover":
            return _double_failover(random, setup, swarm, at_ms, mended_ms)
        case "pause":
            return [Entry(at_ms, "pause", (broker,)), Entry(mended_ms, "resume", (broker,))]
        case "one_after_another":
            return _one_after_another(random, setup, mix, swarm, at_ms)
        case "fill_disk" | "slow_disk" | "lie":
            return [Entry(at_ms, kind, (broker,)), Entry(mended_ms, DISK_MENDS[kind], (broker,))]
        case "disconnect":
            return [_disconnect(random, setup, swarm, broker, at_ms)]
        case "slow_link_breaks":
            return _slow_link_breaks(random, setup, mix, swarm, broker, at_ms)
        case _:
            return [_on_the_way(random, setup, swarm, kind, broker, at_ms), Entry(mended_ms, "heal")]


def _double_failover(random: Random, setup: Setup, swarm: Swarm, at_ms: Millis, mended_ms: Millis) -> list[Entry]:
    """Two brokers go, one after the other: the second while, or soon after, it takes over from the first."""
    brokers = random.sample(setup.replicas, min(2, len(setup.replicas)))
    second_ms = at_ms + random.choice((*swarm.mended_after_ms[:3], 20))
    downs = zip(brokers, (at_ms, second_ms), strict=False)
    lines = [Entry(when, "crash", (broker,)) for broker, when in downs]
    return lines + [Entry(max(mended_ms, second_ms) + 1, "restart", (broker,)) for broker in random.sample(brokers, 2)]


def _one_after_another(random: Random, setup: Setup, mix: Mix, swarm: Swarm, at_ms: Millis) -> list[Entry]:
    """All replicas go, each after the one before has left the ISR, and come back in another order; once.

    Whoever may lose its power is the last one standing (KIP-966).
    """
    mix.kinds = [kind for kind in mix.kinds if kind != "one_after_another"] or ["crash"]
    down, back = random.sample(setup.replicas, len(setup.replicas)), random.sample(setup.replicas, len(setup.replicas))
    gone_ms, apart_ms = swarm.mended_after_ms[2], random.choice(swarm.mended_after_ms[:3])
    last = random.choice(mix.may_lose_power or down)
    down.sort(key=lambda broker: broker == last)
    lines = []
    for number, broker in enumerate(down):
        lossy = broker in mix.may_lose_power and (broker == last or random.random() < 0.5)
        lines.append(Entry(at_ms + number * gone_ms, "power_loss" if lossy else "crash", (broker,)))
    back_ms = at_ms + len(down) * gone_ms
    return lines + [Entry(back_ms + number * apart_ms, "restart", (broker,)) for number, broker in enumerate(back)]


def _disconnect(random: Random, setup: Setup, swarm: Swarm, broker: BrokerId, at_ms: Millis) -> Entry:
    other = random.choice(_peers(setup, swarm, broker))
    return Entry(at_ms, "disconnect", (broker, other), (("late_ms", random.choice(LATE_MS)),))


def _peers(setup: Setup, swarm: Swarm, broker: BrokerId) -> list[BrokerId | NodeId]:
    """Who has connections with this broker."""
    return [*(other for other in setup.replicas if other != broker), controller_node(1), *swarm.clients]


def _slow_link_breaks(
    random: Random, setup: Setup, mix: Mix, swarm: Swarm, broker: BrokerId, at_ms: Millis
) -> list[Entry]:
    """A connection breaks while it is full, often since one end died: much was under way, and comes late."""
    slow_ms, other = random.choice(DELAY_MS[1:3]), random.choice(_peers(setup, swarm, broker))
    breaks_ms = at_ms + random.randint(slow_ms, 3 * slow_ms)
    late_ms = (("late_ms", random.choice(MUCH_LATER_MS)),)
    lines = [Entry(at_ms, "slow", (broker, other, slow_ms)), Entry(breaks_ms, "disconnect", (broker, other), late_ms)]
    if random.random() < 0.5:
        verb = "power_loss" if broker in mix.may_lose_power else "crash"
        back_ms = breaks_ms + random.choice((20, *swarm.mended_after_ms[:2]))
        lines += [Entry(breaks_ms, verb, (broker,)), Entry(back_ms, "restart", (broker,))]
    return [*lines, Entry(breaks_ms, "heal")]


def _on_the_way(random: Random, setup: Setup, swarm: Swarm, kind: str, broker: BrokerId, at_ms: Millis) -> Entry:
    """Something between two nodes; `heal` mends it."""
    if kind == "delay":
        return Entry(at_ms, "delay", (random.choice(swarm.delayed), random.choice(DELAY_MS)))
    if kind == "slow_link":
        return Entry(at_ms, "slow", (broker, _another(random, setup, broker), random.choice(DELAY_MS)))
    return Entry(at_ms, "cut", (broker, _other_side(random, setup, kind, broker)))


def _other_side(random: Random, setup: Setup, kind: str, broker: BrokerId) -> BrokerId | str:
    if kind == "cut_pair" and len(setup.replicas) > 1:
        return random.choice([other for other in setup.replicas if other != broker])
    return "controllers" if kind == "cut_controllers" else "brokers"


def _another(random: Random, setup: Setup, broker: BrokerId) -> BrokerId | NodeId:
    others: Sequence[BrokerId | NodeId] = [*(one for one in setup.replicas if one != broker), controller_node(1)]
    return random.choice(others)


def _among_controllers(random: Random, setup: Setup, kind: str, at_ms: Millis, mended_ms: Millis) -> list[Entry]:
    """A fault of one controller, or between two. Controllers flush what counts, so each may lose power."""
    voters = [controller_node(number) for number in range(1, setup.controllers + 1)]
    one, *others = random.sample(voters, min(2, len(voters)))
    other = others[0] if others else one
    match kind:
        case "cut_voters":
            return [Entry(at_ms, "cut", (one, other)), Entry(mended_ms, "heal")]
        case "cut_off_controller":
            return [Entry(at_ms, "cut", (one, "controllers")), Entry(mended_ms, "heal")]
        case "disconnect_voters":
            return [Entry(at_ms, "disconnect", (one, other), (("late_ms", random.choice(LATE_MS)),))]
        case "slow_voters":
            return [Entry(at_ms, "slow", (one, other, random.choice(DELAY_MS))), Entry(mended_ms, "heal")]
        case "pause_controller":
            return [Entry(at_ms, "pause", (one,)), Entry(mended_ms, "resume", (one,))]
        case "fast_restart_controller":
            back_ms = at_ms + random.choice((1, 2, 5, 20, 300))
            return [Entry(at_ms, "power_loss", (one,)), Entry(back_ms, "restart", (one,))]
        case "all_voters":
            return _all_voters(random, voters, at_ms)
        case _:
            verb = kind.removesuffix("_controller")
            return [Entry(at_ms, verb, (one,)), Entry(mended_ms, "restart", (one,))]


def _all_voters(random: Random, voters: list[NodeId], at_ms: Millis) -> list[Entry]:
    """All controllers stop within some moments, and come back in another order."""
    apart_ms, back_ms = random.choice((1, 30, 400)), at_ms + random.choice((100, 1_000, 3_000))
    down, back = random.sample(voters, len(voters)), random.sample(voters, len(voters))
    lines = [Entry(at_ms + place * apart_ms, "crash", (voter,)) for place, voter in enumerate(down)]
    back_ms += len(voters) * apart_ms
    return lines + [Entry(back_ms + place * apart_ms, "restart", (voter,)) for place, voter in enumerate(back)]
