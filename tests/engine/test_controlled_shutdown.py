"""A broker that leaves in order: nobody waits for a session timeout, and nothing is lost."""

from __future__ import annotations

import pytest

from minikafka.client.admin import AdminNode
from minikafka.config import AdminConfig, ServerConfig
from minikafka.controller import cluster_control
from minikafka.controller.cluster_control import Standing
from minikafka.metadata.image import BrokerRegistration
from minikafka.protocol import facts
from minikafka.protocol.admin_messages import CreateTopicsRequest, NewTopicSpec
from minikafka.protocol.controller_messages import BrokerHeartbeatRequest
from minikafka.sim.checkers import by_promise
from minikafka.sim.schedule import Setup, play, schedule
from minikafka.sim.simulation import Simulation
from minikafka.types import TopicPartition, broker_node

ORDERS = TopicPartition("orders", 0)


def cluster(**settings):
    sim = Simulation(3, 3, config=ServerConfig(min_insync_replicas=2, **settings))
    assert sim.run_until(sim.all_brokers_active, 12_000)
    admin = AdminNode("admin-1", AdminConfig(), ("broker-1", "broker-2", "broker-3"))
    sim.add_client(admin)
    specs = tuple(NewTopicSpec(name, assignment=((1, 2, 3),)) for name in ("orders", "bills"))
    sim.call("admin-1", "create", lambda: admin.ask(CreateTopicsRequest(specs), sim.now)[1])
    sim.run_for(1_000)
    return sim


def told(sim, kind):
    return [one.fact for one in sim.recorder.told if isinstance(one.fact, kind)]


def test_leaderships_move_before_the_broker_stops_and_nobody_waits_for_its_session():
    sim = cluster()
    begun = sim.now
    sim.shut_down("broker-1")
    assert sim.run_until(lambda: sim.process("broker-1") is None, 10_000)
    assert sim.now - begun < 2_500, "the others say with their next heartbeat what they have read"
    image = sim.active_controller().image
    partition = image.partition(ORDERS)
    assert (partition.leader, partition.isr, partition.elr) == (2, (2, 3), ())
    assert image.brokers[1].fenced
    assert told(sim, facts.BrokerLeaving) == [facts.BrokerLeaving(1)]
    assert told(sim, facts.BrokerFenced) == []


def test_a_broker_that_left_in_order_comes_back_clean_and_at_once():
    sim = cluster()
    sim.shut_down("broker-1")
    assert sim.run_until(lambda: sim.process("broker-1") is None, 10_000)
    sim.restart("broker-1")
    sim.run_for(5_000)
    assert told(sim, facts.BrokerRegistered)[-1].clean
    assert set(sim.active_controller().image.partition(ORDERS).isr) == {1, 2, 3}


def test_the_last_two_leave_through_the_elr_and_the_first_of_them_back_leads():
    sim = cluster()
    for broker in (1, 2, 3):
        sim.shut_down(broker_node(broker))
        sim.run_for(5_000)
        assert sim.process(broker_node(broker)) is None
    partition = sim.active_controller().image.partition(ORDERS)
    assert (partition.leader, partition.isr, set(partition.elr)) == (-1, (), {2, 3})
    sim.restart("broker-2")
    sim.run_for(5_000)
    partition = sim.active_controller().image.partition(ORDERS)
    assert (partition.leader, partition.isr, partition.recovering) == (2, (2,), False)


def test_without_a_controller_a_broker_waits_five_minutes_and_stops_anyway():
    sim = cluster()
    sim.cut("broker-1", list(sim.controllers))
    sim.shut_down("broker-1")
    sim.run_for(299_000)
    assert sim.process("broker-1") is not None
    sim.run_for(2_000)
    assert sim.process("broker-1") is None


def test_controlled_shutdown_can_be_turned_off():
    sim = cluster(controlled_shutdown_enable=False)
    sim.shut_down("broker-1")
    assert sim.process("broker-1") is None
    assert sim.active_controller().image.partition(ORDERS).leader == 1


def registration(**state):
    return BrokerRegistration(1, "start-1", 10, **{"fenced": False} | state)


def asks(offset=99, **wishes):
    return BrokerHeartbeatRequest(1, 10, offset, **wishes)


@pytest.mark.parametrize(
    ("broker", "request_", "leads", "left_at", "slowest", "standing"),
    [
        (registration(fenced=True), asks(9), False, None, None, Standing.FENCED),
        (registration(fenced=True), asks(10), False, None, None, Standing.UNFENCED),
        (registration(fenced=True), asks(want_fence=True), False, None, None, Standing.FENCED),
        (registration(fenced=True), asks(want_shut_down=True), False, None, None, Standing.SHUTDOWN_NOW),
        (registration(), asks(), True, None, None, Standing.UNFENCED),
        (registration(), asks(want_fence=True), True, None, None, Standing.FENCED),
        (registration(), asks(want_shut_down=True), True, None, None, Standing.CONTROLLED_SHUTDOWN),
        (registration(), asks(want_shut_down=True), False, None, None, Standing.SHUTDOWN_NOW),
        (registration(in_controlled_shutdown=True), asks(), True, 50, 60, Standing.CONTROLLED_SHUTDOWN),
        (registration(in_controlled_shutdown=True), asks(), False, 50, 49, Standing.CONTROLLED_SHUTDOWN),
        (registration(in_controlled_shutdown=True), asks(), False, 50, 50, Standing.SHUTDOWN_NOW),
        (registration(in_controlled_shutdown=True), asks(), False, 50, None, Standing.SHUTDOWN_NOW),
        (registration(in_controlled_shutdown=True), asks(), False, None, 60, Standing.CONTROLLED_SHUTDOWN),
    ],
)
def test_where_a_heartbeat_takes_a_broker(broker, request_, leads, left_at, slowest, standing):
    assert cluster_control.next_standing(broker, request_, leads, left_at, slowest) is standing


def test_a_broker_that_is_stopped_before_it_has_opened_its_logs_does_not_say_that_they_are_whole():
    lines = schedule((0, "send", "a", {"acks": "1"}), (10, "flip", 2), (10, "restart", 2), (10, "shut_down", 2))
    run = play(Setup(), lines, by_promise("I13"))
    assert run.violation is None, run.violation.sentence
