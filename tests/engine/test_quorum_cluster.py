"""Three and five controllers in the simulation: elections, failures, and brokers that find the active one."""

from __future__ import annotations

from functools import partial

import pytest

from minikafka.config import ConfigError
from minikafka.effects import Send
from minikafka.protocol import facts
from minikafka.protocol.admin_messages import CreateTopicsRequest, NewTopicSpec
from minikafka.protocol.controller_messages import BrokerHeartbeatRequest
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope
from minikafka.protocol.quorum_messages import DescribeQuorumRequest, NotControllerResponse
from minikafka.sim.simulation import Simulation


def cluster(controllers=3, seed=1, brokers=3):
    sim = Simulation(seed=seed, controllers=controllers, brokers=brokers)
    assert sim.run_until(sim.all_brokers_active, 15_000)
    sim.run_for(1_000)
    return sim


def others(sim, node):
    return [one for one in sim.controllers if one != node]


def leaders(sim):
    """(epoch, controller) of every election so far."""
    return [(fact.epoch, node) for _, node, fact in sim.recorder.told if isinstance(fact, facts.QuorumLeaderElected)]


def has_other_leader(sim, than):
    def check():
        active = sim.active_controller()
        return active is not None and active.id != than and active.is_active

    return check


@pytest.mark.parametrize("number", [0, 2, 4, -1])
def test_an_even_number_of_voters_is_refused_with_what_would_work(number):
    with pytest.raises(ConfigError, match=f"controllers={number}.*Use [135]"):
        Simulation(controllers=number)


@pytest.mark.parametrize("controllers", [1, 3, 5])
def test_a_quorum_elects_one_leader_and_brokers_find_it(controllers):
    sim = cluster(controllers)
    assert len(leaders(sim)) == 1
    assert sim.active_controller().is_active


def test_a_leader_that_dies_is_replaced_within_two_election_rounds_and_brokers_go_on():
    sim = cluster()
    old = sim.active_controller().id
    sim.crash(old)
    assert sim.run_until(has_other_leader(sim, old), 8_000)
    sim.run_for(20_000)
    assert sim.all_brokers_active()
    fenced = [fact for _, _, fact in sim.recorder.told if isinstance(fact, facts.BrokerFenced)]
    assert not fenced, "a new active controller gives every broker a whole session"


def test_a_leader_that_is_cut_off_resigns_and_a_new_one_serves_brokers():
    sim = cluster()
    old = sim.active_controller().id
    sim.cut(old, others(sim, old))
    assert sim.run_until(has_other_leader(sim, old), 10_000)
    assert sim.run_until(lambda: not sim.process(old).voter.is_leader, 3_500), "check quorum"
    new = sim.active_controller()
    sim.run_for(5_000)
    assert {broker.controllers.leader for broker in sim.running_brokers()} == {new.id}
    assert sim.all_brokers_active()
    sim.heal()
    sim.run_for(5_000)
    assert sim.process(old).voter.quorum.leader == sim.active_controller().voter.local_id
    assert len({sim.process(node).image.next_offset for node in sim.controllers}) == 1


def test_a_voter_that_comes_back_does_not_disturb_a_leader_that_is_heard_by_the_others():
    sim = cluster()
    leader = sim.active_controller().id
    away = others(sim, leader)[0]
    sim.cut(away, others(sim, away))
    sim.run_for(30_000)
    epoch = sim.active_controller().voter.epoch
    assert sim.process(away).voter.epoch == epoch, "a pre-vote raises no epoch"
    sim.heal()
    sim.run_for(10_000)
    assert sim.active_controller().id == leader
    assert leaders(sim) == [(epoch, leader)]
    assert sim.process(away).voter.state.value == "follower"


def test_with_three_of_five_down_nothing_is_decided_and_all_is_well_when_they_return():
    sim = cluster(5)
    leader = sim.active_controller().id
    down = [leader, *others(sim, leader)[:2]]
    for node in down:
        sim.crash(node)
    sim.crash("broker-1")
    sim.run_for(30_000)
    assert sim.active_controller() is None
    assert all(1 in broker.metadata.image.active_brokers() for broker in sim.running_brokers()), "nobody fences"
    for node in down:
        sim.restart(node)
    assert sim.run_until(lambda: sim.active_controller() is not None and sim.active_controller().is_active, 10_000)
    sim.run_for(12_000)
    assert sim.active_controller().image.active_brokers() == {2, 3}


def test_all_controllers_may_restart_at_once_and_know_what_was_committed():
    sim = cluster()
    image = sim.active_controller().image
    registrations = dict(image.brokers)
    for node in sim.controllers:
        sim.crash(node, power_lost=True)
    for node in sim.controllers:
        sim.restart(node)
    assert sim.run_until(lambda: sim.active_controller() is not None and sim.active_controller().is_active, 10_000)
    sim.run_for(5_000)
    assert sim.active_controller().image.brokers == registrations


def test_epochs_only_rise():
    sim = cluster()
    for _ in range(3):
        node = sim.active_controller().id
        sim.crash(node)
        assert sim.run_until(has_other_leader(sim, node), 10_000)
        sim.restart(node)
        sim.run_for(3_000)
    epochs = [epoch for epoch, _ in leaders(sim)]
    assert epochs == sorted(set(epochs))
    assert len(epochs) == 4


def test_an_answer_waits_for_the_majority_and_a_deposed_leader_takes_its_decision_back():
    sim = cluster(seed=4)
    sim.run_for(2_000)
    old = sim.active_controller()
    sim.cut(old.id, others(sim, old.id))
    asker = Asker([])
    sim.add_client(asker)
    wanted = CreateTopicsRequest((NewTopicSpec("orders", 1, 1),))
    sim.call(asker.id, "create", lambda: asker.ask("broker-1", wanted))
    sim.run_for(1_000)
    assert "orders" in old.latest.topics, "decided"
    assert "orders" not in old.image.topics, "not committed"
    assert not asker.answers
    sim.run_for(12_000)
    assert [topic.error for topic in asker.answers[0].topics] == [ErrorCode.NONE], "asked again of the next one"
    assert sim.active_controller().id != old.id
    sim.heal()
    sim.run_for(5_000)
    cut = [fact for _, node, fact in sim.recorder.told if node == old.id and isinstance(fact, facts.LogTruncated)]
    assert len(cut) == 1, "what only the deposed leader had is gone"
    told = [fact for _, _, fact in sim.recorder.told if isinstance(fact, facts.TopicCreated)]
    assert len(told) == 1, "one record, one fact, whoever commits it"
    assert all("orders" in broker.metadata.image.topics for broker in sim.running_brokers())


def test_a_deposed_leader_answers_not_controller():
    sim = cluster()
    old = sim.active_controller()
    sim.cut(old.id, others(sim, old.id))
    sim.run_for(10_000)
    heartbeat = BrokerHeartbeatRequest(1, 0, 0)
    effects = old.handle(Envelope("broker-1", old.id, heartbeat, 1, "test"), sim.now)
    answers = [effect.envelope.message for effect in effects if isinstance(effect, Send)]
    assert [answer.error for answer in answers if isinstance(answer, NotControllerResponse)] == [
        ErrorCode.NOT_CONTROLLER
    ]


def test_a_leader_that_stops_in_order_is_followed_at_once():
    sim = cluster()
    old = sim.active_controller().id
    sim.shut_down(old)
    assert sim.run_until(has_other_leader(sim, old), 500), "nobody waited for a timeout"
    assert sim.process(old) is None


def test_any_broker_describes_the_quorum():
    sim = cluster()
    sim.run_for(2_000)
    answers = []
    asker = Asker(answers)
    sim.add_client(asker)
    for broker in sim.running_brokers():
        sim.call(asker.id, "describe", partial(asker.ask, broker.id, DescribeQuorumRequest()))
        sim.run_for(100)
    leader = sim.active_controller().voter
    assert [(answer.leader, answer.epoch) for answer in answers] == [(leader.local_id, leader.epoch)] * 3
    end = leader.log.log_end_offset
    assert [voter.log_end_offset for voter in answers[-1].voters] == [end] * 3
    assert [observer.replica_id for observer in answers[-1].observers] == [1, 2, 3]


class Asker:
    """A client that asks one thing and keeps the answers."""

    id = "admin-asker"

    def __init__(self, answers):
        self.answers = answers

    def ask(self, broker, request):
        return [Send(Envelope(self.id, broker, request, len(self.answers), "data"))]

    def handle(self, envelope, now):
        self.answers.append(envelope.message)
        return []

    def disconnected(self, peer, now):
        return []
