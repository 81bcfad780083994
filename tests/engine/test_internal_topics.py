"""Where groups and transactions are kept, and how their topics come to be."""

from __future__ import annotations

import pytest

from minikafka.broker import internal_topics
from minikafka.client.admin import AdminNode
from minikafka.config import AdminConfig, ServerConfig
from minikafka.metadata.image import MetadataImage
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import FindCoordinatorRequest
from minikafka.sim.simulation import Simulation
from minikafka.types import CONSUMER_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC

BROKERS = ("broker-1", "broker-2", "broker-3")


def cluster(brokers=3, **settings):
    sim = Simulation(1, brokers, config=ServerConfig(**settings))
    assert sim.run_until(sim.all_brokers_active, 12_000)
    admin = AdminNode("admin-1", AdminConfig(), BROKERS[:brokers])
    sim.add_client(admin)
    return sim, admin


def ask(sim, admin, request):
    tickets = []

    def send():
        ticket, effects = admin.ask(request, sim.now)
        tickets.append(ticket)
        return effects

    sim.call(admin.id, "ask", send)
    assert sim.run_until(lambda: tickets[0] in admin.answers, 60_000)
    return admin.answers[tickets[0]]


@pytest.mark.parametrize(("key_type", "topic"), [(0, CONSUMER_OFFSETS_TOPIC), (1, TRANSACTION_STATE_TOPIC)])
def test_the_first_question_creates_the_topic_and_a_later_one_finds_the_leader(key_type, topic):
    sim, admin = cluster(offsets_topic_num_partitions=4, transaction_state_log_num_partitions=4)
    first = ask(sim, admin, FindCoordinatorRequest(key_type, ("billing",)))
    assert first.coordinators[0].error == ErrorCode.COORDINATOR_NOT_AVAILABLE
    sim.run_for(2_000)
    image = sim.running_brokers()[0].metadata.image
    assert len(image.topics[topic].partitions) == 4
    assert image.topics[topic].configs["cleanup.policy"] == "compact"
    where = internal_topics.partition_for(topic, "billing", image, sim.config)
    found = ask(sim, admin, FindCoordinatorRequest(key_type, ("billing",))).coordinators[0]
    assert (found.error, found.broker_id) == (ErrorCode.NONE, image.partition(where).leader)


def test_with_too_few_brokers_no_coordinator_is_ever_found():
    sim, admin = cluster(brokers=2)
    for _ in range(3):
        answer = ask(sim, admin, FindCoordinatorRequest(0, ("billing",)))
        assert answer.coordinators[0].error == ErrorCode.COORDINATOR_NOT_AVAILABLE
        sim.run_for(500)
    assert CONSUMER_OFFSETS_TOPIC not in sim.active_controller().image.topics


def test_what_is_asked_for_is_not_asked_for_twice():
    creation = internal_topics.TopicCreation(MetadataImage(), ServerConfig())
    request = FindCoordinatorRequest(0, ("a", "b"))
    assert creation.find_coordinators(request)[1].topics[0].num_partitions == 50
    assert creation.find_coordinators(request)[1] is None
    assert creation.find_coordinators(FindCoordinatorRequest(0, ()))[0].coordinators == ()


def test_the_transaction_log_keeps_its_own_minimum():
    spec = internal_topics.spec_of(TRANSACTION_STATE_TOPIC, ServerConfig())
    assert (dict(spec.configs)["min.insync.replicas"], spec.replication_factor) == ("2", 3)


def test_an_unknown_kind_of_key_is_refused():
    found = internal_topics.find_coordinator(9, "x", MetadataImage(), ServerConfig())
    assert found.error == ErrorCode.INVALID_REQUEST
