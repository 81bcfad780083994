"""What docs/client-defaults.md says librdkafka refuses, it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

confluent_kafka = pytest.importorskip("confluent_kafka")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "client-defaults.md"


@pytest.mark.parametrize("name", ["buffer.memory", "max.block.ms", "max.request.size"])
def test_java_only_producer_names_are_refused_by_librdkafka(name):
    from minikafka.config import ProducerConfig, read_settings

    assert f"`{name}`" in PAGE.read_text(encoding="utf-8")
    with pytest.raises(confluent_kafka.KafkaException, match="No such configuration property"):
        confluent_kafka.Producer({name: "1"})
    assert read_settings(ProducerConfig, {name: "1"}, "producer")


def test_the_fetch_wait_has_two_names():
    with pytest.raises(confluent_kafka.KafkaException, match="No such configuration property"):
        confluent_kafka.Consumer({"group.id": "g", "fetch.max.wait.ms": "500"})
    confluent_kafka.Consumer({"group.id": "g", "fetch.wait.max.ms": "500"}).close()
