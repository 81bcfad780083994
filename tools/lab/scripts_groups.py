"""Scripts about groups and transactions: who reads what, what is committed, and who may not any more."""

from __future__ import annotations

from itertools import chain
from typing import Any

from lab.base import Lab, Script

SHORT = {"session_timeout_ms": 6_000, "heartbeat_interval_ms": 1_000}


def commit_and_crash(lab: Lab) -> dict[str, Any]:
    """Lesson 12: kill a reader before its work, after it, and after its commit; what comes again?"""
    topic = lab.topic("l12-orders", (1, 2, 3))
    lab.send(lab.producer(acks="all", linger_ms=0), topic, *(f"o{number}" for number in range(12)))
    answers: dict[str, Any] = {}
    for moment in ("before the work", "after the work", "after the commit"):
        group = f"l12-{moment.replace(' ', '-')}"
        reader, handled = lab.member(group, **SHORT), []
        reader.subscribe([topic])
        taken = lab.read(reader, 4)
        if moment != "before the work":
            handled += taken
        if moment == "after the commit":
            reader.commit(offsets=[lab.partition(topic, 0, 4)], asynchronous=False)
        lab.kill(reader)
        heir = lab.member(group, **SHORT)
        heir.subscribe([topic])
        handled += lab.read(heir, 8 if moment == "after the commit" else 12)
        heir.commit(offsets=[lab.partition(topic, 0, 12)], asynchronous=False)
        heir.close()
        lab.opened.remove(heir)
        offsets = [offset for offset, _ in handled]
        asking = lab.consumer(group)
        answers[f"killed {moment}: twice"] = sorted({one for one in offsets if offsets.count(one) > 1})
        answers[f"killed {moment}: handled"] = sorted(set(offsets))
        (committed,) = asking.committed([lab.partition(topic, 0)], timeout=30)
        answers[f"killed {moment}: committed, lag"] = [committed.offset, lab.bounds(topic)[1] - committed.offset]
    return answers


def stale_commit(lab: Lab) -> dict[str, Any]:
    """A member that was expelled commits: its generation is over."""
    topic = lab.topic("stale", (1, 2, 3))
    lab.send(lab.producer(acks="all", linger_ms=0), topic, *(f"o{number}" for number in range(4)))
    slow = lab.consumer("stale", **SHORT, max_poll_interval_ms=6_000)
    slow.subscribe([topic])
    lab.read(slow, 2)
    heir = lab.consumer("stale", **SHORT)
    heir.subscribe([topic])
    found = lab.read(heir, 4)
    refused = lab.attempt(lambda: slow.commit(offsets=[lab.partition(topic, 0, 2)], asynchronous=False))
    heir.commit(offsets=[lab.partition(topic, 0, 4)], asynchronous=False)
    (committed,) = heir.committed([lab.partition(topic, 0)], timeout=30)
    return {"the heir reads": found, "the late commit": refused, "committed": committed.offset}


def shares_of(lab: Lab, topic: str, *members: Any) -> list[list[int]]:
    """Which partitions each member has, while all of them poll."""
    for member in members:
        member.poll(0.1)
    return [sorted(one.partition for one in member.assignment()) for member in members]


def grows_and_shrinks(lab: Lab, group: str, **settings: Any) -> dict[str, Any]:
    """One member, two, and one again: how many partitions each has; offsets stay the group's."""
    topic = lab.topic(group, *[(1, 2, 3)] * 4)
    producer = lab.producer(acks="all", linger_ms=0)
    for number in range(4):
        lab.send(producer, topic, f"p{number}", partition=number)
    first, second = lab.consumer(group, **settings), lab.consumer(group, **settings)
    first.subscribe([topic])
    values = sorted(value for _, value in lab.read(first, 4))
    first.commit(asynchronous=False)
    alone = shares_of(lab, topic, first)
    second.subscribe([topic])

    def shared() -> Any:
        shares = shares_of(lab, topic, first, second)
        return shares if sorted(map(len, shares)) == [2, 2] and sorted(chain(*shares)) == [0, 1, 2, 3] else None

    both = lab.until(shared, "two members with two partitions each")
    first.close()
    lab.opened.remove(first)
    lab.until(lambda: shares_of(lab, topic, second) == [[0, 1, 2, 3]], "the one that stays has all")
    committed = second.committed([lab.partition(topic, number) for number in range(4)], timeout=30)
    return {
        "read": values,
        "alone": alone,
        "sizes of shares": sorted(map(len, both)),
        "committed": [one.offset for one in committed],
        "comes again": lab.read_nothing(second, 2),
    }


def range_group(lab: Lab) -> dict[str, Any]:
    """The classic protocol, range: everybody gives everything up."""
    return grows_and_shrinks(lab, "range", partition_assignment_strategy="range", **SHORT)


def cooperative_group(lab: Lab) -> dict[str, Any]:
    """The classic protocol, cooperative-sticky: only what moves is given up."""
    return grows_and_shrinks(lab, "cooperative", partition_assignment_strategy="cooperative-sticky", **SHORT)


def consumer_group(lab: Lab) -> dict[str, Any]:
    """KIP-848: the coordinator deals."""
    return grows_and_shrinks(lab, "kip848", group_protocol="consumer")


def coordinator_dies(lab: Lab) -> dict[str, Any]:
    """The broker that keeps a group's offsets dies: another one knows them."""
    topic = lab.topic("kept", (3, 2, 1))
    lab.send(lab.producer(acks="all", linger_ms=0), topic, *(f"o{number}" for number in range(6)))
    # Longer than it takes until another one coordinates: librdkafka lets go of what it reads once its session is over.
    reader = lab.consumer("kept", session_timeout_ms=45_000, heartbeat_interval_ms=1_000)
    reader.subscribe([topic])
    lab.read(reader, 3)
    reader.commit(offsets=[lab.partition(topic, 0, 3)], asynchronous=False)
    keeper = lab.stands("__consumer_offsets").leader
    lab.strike("crash", keeper)
    lab.until(lambda: lab.stands("__consumer_offsets").leader not in (-1, keeper), "another coordinator")
    rest = lab.read(reader, 3)
    lab.until(
        lambda: lab.attempt(lambda: reader.commit(offsets=[lab.partition(topic, 0, 6)], asynchronous=False)) == "NONE",
        "a commit",
    )
    (committed,) = reader.committed([lab.partition(topic, 0)], timeout=30)
    lab.strike("restart", keeper)
    return {"goes on with": rest, "committed": committed.offset}


def all_or_nothing(lab: Lab) -> dict[str, Any]:
    """Transactions: commit, abort, and an instance that was fenced; readers of both kinds."""
    topic = lab.topic("paid", (1, 2, 3))
    first = lab.producer(transactional_id="till")
    first.init_transactions(60)
    for value, commits in (("a", True), ("b", False), ("c", True)):
        first.begin_transaction()
        lab.send(first, topic, value)
        (first.commit_transaction if commits else first.abort_transaction)(60)
    first.begin_transaction()
    lab.send(first, topic, "zombie")
    second = lab.producer(transactional_id="till")
    second.init_transactions(60)
    fenced = lab.attempt(lambda: first.commit_transaction(60))
    second.begin_transaction()
    lab.send(second, topic, "d")
    open_bounds = lab.bounds(topic)
    committed_meanwhile = lab.read_log(topic, isolation_level="read_committed")
    second.commit_transaction(60)
    lab.until(lambda: len(lab.read_log(topic, isolation_level="read_committed")) == 3, "the marker")
    return {
        "the fenced one": fenced,
        "bounds while one is open": open_bounds,
        "committed while one is open": committed_meanwhile,
        "committed": lab.read_log(topic, isolation_level="read_committed"),
        "uncommitted": lab.read_log(topic),
        "bounds": lab.bounds(topic),
    }


def leader_dies_in_a_transaction(lab: Lab) -> dict[str, Any]:
    """The leader dies between two records of a transaction: it commits all the same, each record once."""
    topic = lab.topic("torn", (1, 2, 3))
    producer = lab.producer(transactional_id="torn")
    producer.init_transactions(60)
    producer.begin_transaction()
    written = lab.send(producer, topic, "a")
    lab.strike("crash", 1)
    written += lab.send(producer, topic, "b")
    committed = lab.attempt(lambda: producer.commit_transaction(60))
    lab.until(lambda: len(lab.read_log(topic, isolation_level="read_committed")) == 2, "the marker")
    lab.strike("restart", 1)
    lab.until_led_by(topic, 2, [1, 2, 3])
    answers = {"written": written, "commit": committed, "bounds": lab.bounds(topic)}
    return answers | {"log": lab.read_log(topic, isolation_level="read_committed")}


SCRIPTS = (
    Script("12_commit", "Commit and crash", commit_and_crash, faults=("kill",)),
    Script("stale_commit", "A commit that comes too late", stale_commit),
    Script("range", "A group that grows and shrinks: range", range_group),
    Script("cooperative", "A group that grows and shrinks: cooperative-sticky", cooperative_group),
    Script("kip848", "A group that grows and shrinks: KIP-848", consumer_group),
    Script("coordinator", "The coordinator dies", coordinator_dies, faults=("crash", "restart")),
    Script(
        "transactions",
        "All or nothing",
        all_or_nothing,
        unlike={
            "the fenced one": "librdkafka has a code of its own for this; the simulated client hands on the broker's"
        },
    ),
    Script(
        "torn_transaction",
        "The leader dies in a transaction",
        leader_dies_in_a_transaction,
        faults=("crash", "restart"),
    ),
)
