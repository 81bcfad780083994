"""Three and five controllers in the simulation: elections, failures, and brokers that find the active one."""

from __future__ import annotations

import pytest

from minikafka.config import ConfigError
from minikafka.protocol import facts
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
