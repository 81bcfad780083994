"""Settings go by Kafka's names, and a wrong one is refused with the nearest right one."""

from __future__ import annotations

import pytest

from minikafka.config import ConfigError, ConsumerConfig, ProducerConfig, ServerConfig, TopicConfig, read_settings


@pytest.mark.parametrize(
    ("role", "settings", "sentence"),
    [
        (ProducerConfig, {"linger.m": 5}, "There is no producer setting 'linger.m'. Did you mean 'linger.ms'?"),
        (ProducerConfig, {"ack": "all"}, "There is no producer setting 'ack'. Did you mean 'acks'?"),
        (ProducerConfig, {"acks": "2"}, "acks is '2', but must be 0, 1 or all."),
        (ProducerConfig, {"linger.ms": "soon"}, "linger.ms is 'soon', but must be a whole number."),
        (ServerConfig, {"unclean.leader.election.enable": "yes"}, "must be true or false"),
        (ServerConfig, {"broker.session.timeout.ms": 2000}, "must be longer than broker.heartbeat.interval.ms"),
        (ProducerConfig, {"delivery.timeout.ms": 1000}, "must be at least linger.ms + request.timeout.ms"),
        (ConsumerConfig, {"auto.offset.reset": "first"}, "must be earliest, latest, none or by_duration"),
        (TopicConfig, {"min.insync.replica": 2}, "Did you mean 'min.insync.replicas'?"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_sentence(role, settings, sentence):
    with pytest.raises(ConfigError) as refused:
        read_settings(role, settings, "producer" if role is ProducerConfig else "server")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_name_like_no_other_comes_with_the_whole_list():
    with pytest.raises(ConfigError, match=r"There are: acks, batch\.size"):
        read_settings(ProducerConfig, {"zzzzzzzz": 1}, "producer")


def test_values_may_be_text_as_in_a_properties_file():
    config = read_settings(ServerConfig, {"min.insync.replicas": " 2 ", "auto.create.topics.enable": "False"}, "broker")
    assert (config.min_insync_replicas, config.auto_create_topics_enable) == (2, False)


def test_a_topic_inherits_from_the_cluster():
    config = ServerConfig(min_insync_replicas=2)
    assert config.topic({}).min_insync_replicas == 2
    assert config.topic({"min.insync.replicas": "1"}).min_insync_replicas == 1


@pytest.mark.parametrize(("acks", "number"), [("all", -1), ("-1", -1), ("0", 0), ("1", 1)])
def test_acks_on_the_wire(acks, number):
    assert ProducerConfig(acks=acks).required_acks == number
