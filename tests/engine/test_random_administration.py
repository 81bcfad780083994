"""Topics grow, move and change their settings while brokers die: no promise about who leads is broken."""

from __future__ import annotations

import contextlib
from random import Random

import pytest

from minikafka import Cluster, KafkaException, Producer, TopicPartition
from minikafka.admin import AdminClient, ConfigEntry, ConfigResource, ElectionType, NewPartitions, NewTopic
from minikafka.protocol import facts
from minikafka.sim import explorer, profiles
from minikafka.sim.checkers.data import MinInsync
from minikafka.sim.faults import FaultError

BROKERS = (1, 2, 3, 4)
VERBS = ("crash", "crash", "restart", "restart", "restart", "shut_down", "power_loss")


def administer(random, admin):
    some = TopicPartition("orders", random.randint(0, 1))
    match random.randint(0, 5):
        case 0:
            admin.create_partitions([NewPartitions("orders", random.randint(1, 4))], request_timeout=3)
        case 1 | 2:
            brokers = random.sample(BROKERS, random.randint(1, 4))
            admin.alter_partition_reassignments({some: brokers}, request_timeout=3)
        case 3:
            admin.alter_partition_reassignments({some: None}, request_timeout=3)
        case 4:
            admin.elect_leaders(ElectionType.PREFERRED, request_timeout=3)
        case 5:
            value = ConfigEntry("min.insync.replicas", str(random.randint(1, 3)))
            admin.incremental_alter_configs([ConfigResource("topic", "orders", [value])], request_timeout=3)


def strike(random, cluster):
    with contextlib.suppress(FaultError):  # down already, or running
        cluster.strike(random.choice(VERBS), random.choice(BROKERS))


def check_controller(told):
    """I4 and I17 in what the controller wrote: (how many elections there were)."""
    epochs, leaders, elections = {}, {}, 0
    for _, _, fact in told:
        if not isinstance(fact, facts.PartitionChanged):
            continue
        before, now = epochs.get(fact.partition, (-1, -1)), (fact.leader_epoch, fact.partition_epoch)
        assert before[0] <= now[0] and before[1] < now[1], fact
        epochs[fact.partition] = now
        assert fact.leader == -1 or fact.leader in fact.isr, fact
        assert set(fact.isr) | set(fact.elr) <= set(fact.replicas), fact
        assert leaders.setdefault((fact.partition, fact.leader_epoch), fact.leader) == fact.leader, fact
        elections += fact.leader != fact.old_leader
    return leaders, elections


def check_brokers(told, leaders):
    """I17 in what the brokers took over: nobody leads in an epoch that was given to somebody else."""
    for _, node, fact in told:
        if isinstance(fact, facts.BecameLeader):
            assert node == f"broker-{leaders[fact.partition, fact.leader_epoch]}", fact


@pytest.mark.parametrize("seed", range(6))
def test_nobody_leads_who_may_not_and_history_is_one(seed):
    random = Random(seed)
    cluster = Cluster(4, seed, settings={"min.insync.replicas": "2"})
    admin = AdminClient({"bootstrap.servers": cluster})
    admin.create_topics([NewTopic("orders", 2, 3)])["orders"].result()
    cluster.run(1)
    producer = Producer({"bootstrap.servers": cluster, "acks": "all", "linger.ms": 0})
    for number in range(25):
        producer.produce("orders", value=f"v{number}", partition=number % 2)
        strike(random, cluster)
        try:
            administer(random, admin)
        except KafkaException as nobody_answered:
            assert nobody_answered.args[0].retriable()
        cluster.run(random.choice((0.1, 2, 11)))
    leaders, elections = check_controller(cluster.sim.recorder.told)
    assert elections > 5, "the premise: leaders have changed"
    check_brokers(cluster.sim.recorder.told, leaders)


def test_a_copy_that_an_administrator_took_away_still_counts_for_who_could_not_know(monkeypatch):
    """Five reassignments overtake each other; the leader answers by the last fetch of a member whose copy is gone."""
    profile = profiles.profile("administration")
    (outcome,) = explorer.play_numbers(profile, 2026, [1642], {})
    assert outcome.violation is None, outcome.violation
    monkeypatch.setattr(MinInsync, "_taken_unknown", lambda *_: [])
    (outcome,) = explorer.play_numbers(profile, 2026, [1642], {})
    assert outcome.violation.promise == "I11", "the premise: without that rule there is one copy too few"
