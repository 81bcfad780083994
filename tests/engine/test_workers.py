"""Workers of a schedule: what they read and what they make of it is committed together, and once."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest

from minikafka.client.consumer_state import Fetched
from minikafka.client.transaction_manager import State
from minikafka.protocol import facts
from minikafka.sim import checkers
from minikafka.sim.applications import Worker
from minikafka.sim.profiles import STACK
from minikafka.sim.schedule import Setup, play, schedule
from minikafka.types import TopicPartition

ORDERS = [(4_000 + 150 * number, "send", f"v{number}", {"partition": number % 2}) for number in range(8)]


def results(run):
    """How often a reader of committed records was given each result, by its key."""
    told = [one.fact for one in run.sim.recorder.told if one.node == "consumer-final"]
    read = [record for fact in told if isinstance(fact, facts.RecordsConsumed) for record in fact.records]
    return Counter(key.decode() for _, _, key, _ in read if key)


def played(protocol, *more):
    lines = [(0, "work", name, {"protocol": protocol}) for name in ("W1", "W2")]
    lines += [*ORDERS, *more, (40_000, "read", "final", {"committed": True})]
    run = play(Setup(settings=STACK, partitions=2), schedule(*lines), checkers.all_checkers())
    assert run.violation is None
    return run


def ended(run):
    ends = [one.fact for one in run.sim.recorder.told if isinstance(one.fact, facts.TransactionEnded)]
    return Counter(one.committed for one in ends)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_each_order_is_worked_on_once_by_two_workers(protocol):
    run = played(protocol)
    found = results(run)
    assert set(found.values()) == {1} and len(found) == len(ORDERS)
    sent = {one.node for one in run.sim.recorder.told if isinstance(one.fact, facts.ProduceSent)}
    assert {"producer-W1", "producer-W2"} <= sent
    assert ended(run)[False] == 0


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_who_falls_out_in_the_middle_aborts_and_the_order_is_worked_on_again(protocol):
    """Its offsets come too late, and are refused: with them goes what it made."""
    run = played(
        protocol, (3_500, "delay", "TxnOffsetCommitRequest", 7_000), (4_020, "pause", "consumer-W1"),
        (4_020, "pause", "consumer-W2"), (9_000, "heal"), (12_000, "resume", "consumer-W1"),
        (12_000, "resume", "consumer-W2"),
    )  # fmt: skip
    found = results(run)
    assert set(found.values()) == {1} and len(found) == len(ORDERS)
    assert ended(run)[False] >= 1
    refused = [one.fact for one in run.sim.recorder.told if isinstance(one.fact, facts.CommitRefused)]
    assert refused, "somebody committed who was no member any more"


def test_after_an_abort_the_worker_goes_back_to_where_it_began():
    """Where its partitions are still its own nobody else would do the work. The test is the consumer."""
    calls = []
    here, lost = TopicPartition("orders", 0), TopicPartition("orders", 1)
    consumer = SimpleNamespace(
        id="consumer-W1", assigned={here: None}, is_closed=False, is_polling=True, state=SimpleNamespace(buffer=[]),
        seek=lambda partition, offset, now: calls.append((partition, offset)), poll=lambda *_: calls.append("poll"),
    )  # fmt: skip
    manager = SimpleNamespace(call=SimpleNamespace(done=True), state=State.READY)
    producer = SimpleNamespace(id="producer-W1", transactions=manager)
    places = [(here, 3), (here, 4), (lost, 9)]
    taken = [Fetched(name, SimpleNamespace(offset=offset, key=None), 0) for name, offset in places]
    machines = dict.fromkeys((consumer.id, producer.id), SimpleNamespace(paused=False))
    sim = SimpleNamespace(now=0, machines=machines, call=lambda node, name, action: action())
    worker = Worker(consumer, producer, taken, undone=True)
    worker.go_on(SimpleNamespace(sim=sim))
    assert calls == [(here, 3), "poll"]
    assert (worker.taken, worker.undone) == ([], False)
