"""Checkers after a loss beyond the promise: what was lost is owed by nobody, and what came after is judged as ever."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from minikafka.protocol import facts
from minikafka.protocol.records import build_batch
from minikafka.sim.checkers import data
from minikafka.sim.checkers.copies import Cell, Copy
from minikafka.sim.checkers.disks import LastReplicaStanding
from minikafka.sim.checkers.producers import ZombieFencing
from minikafka.trace.trace import Told
from minikafka.types import TRANSACTION_STATE_TOPIC, TopicPartition

ORDERS, STATE = TopicPartition("orders", 0), TopicPartition(TRANSACTION_STATE_TOPIC, 0)
GRANTED = facts.ProducerIdGranted("app", 7, 3)
NEXT_COORDINATOR = facts.CoordinatorLoaded(STATE, 2)


def appended(epoch):
    batch = build_batch([(0, None, b"a", ())], producer_id=7, producer_epoch=epoch, base_sequence=0)
    return facts.RecordsAppended(ORDERS, 0, 1, batch.data, as_leader=True)


def zombie(beyond, *told):
    checker = ZombieFencing(SimpleNamespace(histories={STATE: SimpleNamespace(beyond=beyond)}))
    return checker.look(None, [Told(1, "broker-1", fact) for fact in told])


@pytest.mark.parametrize("loaded", [(), (NEXT_COORDINATOR,)])
def test_a_zombie_that_writes_is_found_and_a_new_coordinator_is_no_excuse(loaded):
    assert "app has epoch 3 since" in zombie(False, GRANTED, *loaded, appended(2))


def test_an_epoch_that_no_coordinator_can_know_any_more_fences_nobody():
    assert zombie(True, GRANTED, NEXT_COORDINATOR, appended(2)) is None
    assert "app has epoch 3 since" in zombie(True, GRANTED, NEXT_COORDINATOR, GRANTED, appended(2))
    assert "app has epoch 3 since" in zombie(True, GRANTED, appended(2)), "whoever granted it is still there"


@pytest.mark.parametrize(("beyond", "epoch", "holds"), [(True, 3, True), (True, 2, False), (False, 3, False)])
def test_after_a_loss_a_batch_is_known_by_its_epoch_and_its_offsets(beyond, epoch, holds):
    late = Copy([Cell(22, 23, epoch, 29, b"")])
    asked = Cell(22, 23, 3, 23, b"v27")
    assert data._holds(SimpleNamespace(beyond=beyond), late, asked) is holds


def test_who_is_elected_before_its_new_process_has_registered_is_judged_at_the_next_election():
    """A late heartbeat of the process before: the controller cannot know yet, and nobody leads by it."""
    copy = SimpleNamespace(lost_power=True, agreed_end=0)
    said = {"found": lambda *_: "nothing there", "promised": lambda *_: "Record x was acknowledged"}
    history = SimpleNamespace(copies={1: copy}, high_watermark=1, **said)
    book = SimpleNamespace(histories={ORDERS: history}, lost_beyond=lambda *_: False)
    checker = LastReplicaStanding(book)
    checker._fell = {ORDERS: 1}
    elected = SimpleNamespace(partition=ORDERS, leader=1, old_leader=-1, old_isr=(), old_elr=(1,))
    assert (checker._elected(None, elected), checker.premises) == (None, 0)
    copy.lost_power = False
    assert "then broker 1 was elected and has nothing there" in checker._elected(None, elected)
    assert checker.premises == 1
