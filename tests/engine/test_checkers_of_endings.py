"""What must be so after everything was mended, in groups and in transactions (I30), and what numbers are good for (I19,
I25): each is judged in explored schedules, and found where it is broken by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from minikafka.client.producer import ProducerNode
from minikafka.config import ProducerConfig, read_settings
from minikafka.coordinator.transaction_state import TransactionState
from minikafka.protocol import facts
from minikafka.sim import explorer, profiles
from minikafka.sim.checkers.anomalies_shown import NoCrossTalk, OrderWithNumbers, OrderWithoutNumbers
from minikafka.sim.checkers.endings import GroupsConverge, TransactionsEnd
from minikafka.sim.checkers.ledger import Ledger
from minikafka.sim.mutants import transactions as broken
from minikafka.sim.profiles import STACK
from minikafka.sim.schedule import Setup, play, schedule
from minikafka.sim.simulation import Simulation
from minikafka.sim.substitute import substituted
from minikafka.trace.trace import Told
from minikafka.types import TRANSACTION_STATE_TOPIC, TopicPartition

P0 = TopicPartition("orders", 0)


def play_a_group(protocol):
    lines = schedule(*((0, "join", name, {"protocol": protocol}) for name in ("M1", "M2")), (9_000, "send", "a"))
    checker = GroupsConverge(Ledger())
    run = play(Setup(settings=STACK, partitions=2), lines, [checker])
    assert run.violation is None
    assert checker.premises >= 3, "a group and its two members"
    return run, checker


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_member_that_lacks_what_it_was_given_is_found(protocol):
    run, checker = play_a_group(protocol)
    owner = next(one for one in run.consumers.values() if P0 in one.assigned)
    del owner.assigned[P0]
    assert f"{owner.id} has nothing in group {protocol}, and was given orders-0" in checker.finish(run.sim)


def coordinated(run, name):
    found = [led.shard.book.groups for broker in run.sim.running_brokers() for led in broker.groups.led.values()]
    return next(groups[name] for groups in found if name in groups)


def test_a_partition_that_nobody_has_is_found():
    run, checker = play_a_group("consumer")
    group = coordinated(run, "consumer")
    owner = next(one for one in run.consumers.values() if P0 in one.assigned)
    name = owner.membership.member_id
    group.members[name] = replace(group.members[name], assigned=())
    del owner.assigned[P0]
    assert "nobody in group consumer has orders-0" in checker.finish(run.sim)


def test_a_member_that_was_left_out_and_a_group_that_does_not_come_to_rest_are_found():
    run, checker = play_a_group("classic")
    group, lost = coordinated(run, "classic"), next(iter(run.consumers.values()))
    member = group.members.pop(lost.membership.member_id)
    assert f"{lost.id} is not in group classic" in checker.finish(run.sim)
    group.members[member.member_id] = member
    assert checker.finish(run.sim) is None
    group.state = type(group.state)("PreparingRebalance")
    assert "group classic is still PreparingRebalance" in checker.finish(run.sim)


@pytest.mark.parametrize("waits", [False, True])
def test_a_transaction_that_nobody_ends_is_ended_by_its_timeout_or_found(waits):
    lines = schedule((0, "transact", "a", {"end": ""}))
    checker = TransactionsEnd(Ledger())
    forgetful = {"minikafka.coordinator.transaction:has_timed_out": broken.wait_for_the_producer}
    with substituted(forgetful if waits else {}):
        run = play(Setup(settings=STACK), lines, [checker])
    assert checker.premises
    assert ("transaction of app is still Ongoing" in run.violation.sentence) if waits else run.violation is None


@pytest.mark.parametrize("state", [TransactionState.PREPARE_ABORT, TransactionState.ONGOING])
def test_after_a_loss_markers_may_be_refused_for_ever_but_what_is_open_times_out(state):
    checker = TransactionsEnd(Ledger())
    run = play(Setup(settings=STACK), schedule((0, "transact", "a", {"end": "commit"})), [checker])
    (known,) = (
        led.shard.transactions
        for broker in run.sim.running_brokers()
        for led in broker.transactions.host.led.values()
        if led.shard.transactions
    )
    known["app"] = replace(known["app"], state=state)
    sentence = f"the transaction of app is still {state.value}"
    assert sentence in checker.finish(run.sim)
    histories = checker.ledger.histories
    next(one for name, one in histories.items() if name.topic == TRANSACTION_STATE_TOPIC).beyond = True
    still = checker.finish(run.sim)
    assert still is None if state is TransactionState.PREPARE_ABORT else sentence in still


def test_explored_schedules_reorder_what_has_no_numbers_and_only_that():
    plain = replace(profiles.profile("replication"), checkers=(OrderWithoutNumbers,))
    plain = replace(plain, swarm=replace(plain.swarm, idempotent=0.0, kinds=("fill_disk",)))
    found = explorer.explore(plain, 60, 2026)
    assert found.violation is not None, "without numbers a retry goes to the end of the queue"
    assert found.violation.promise == "I19"
    numbered = replace(plain, checkers=(OrderWithNumbers,), swarm=replace(plain.swarm, idempotent=1.0))
    kept = explorer.explore(numbered, found.schedules, 2026)
    assert kept.violation is None
    assert kept.premises["I19 order with idempotence"] > 0


@pytest.mark.parametrize("lost", [False, True])
def test_a_transaction_that_nobody_ended_is_found_unless_its_coordinator_has_lost_its_log(lost):
    state = TopicPartition(TRANSACTION_STATE_TOPIC, 0)
    histories = {state: SimpleNamespace(beyond=lost), P0: SimpleNamespace(beyond=True)}
    checker = NoCrossTalk(SimpleNamespace(histories=histories))
    config = read_settings(ProducerConfig, {"transactional.id": "app"}, "producer")
    sim = Simulation(7)
    sim.add_client(ProducerNode("producer-T", config, ("broker-1",)))
    ended = facts.TransactionChanged("app", "PrepareAbort", 7, 0, ())
    told = [("producer-T", facts.TransactionBegun("app")), ("broker-1", ended)]
    found = checker.look(sim, [Told(1, node, fact) for node, fact in told])
    assert (found is None) == lost


def test_explored_transactions_are_not_ended_by_each_other():
    assert {NoCrossTalk, OrderWithNumbers, TransactionsEnd} <= set(profiles.profile("transactions").checkers)
    found = explorer.explore(profiles.profile("transactions"), 4, 6)
    assert found.violation is None
    assert found.premises["I25 no cross-talk"] > 0
