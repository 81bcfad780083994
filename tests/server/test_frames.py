"""Frames that nobody should send, answered as Apache Kafka 4.4.0 answers them."""

from __future__ import annotations

import time

import pytest
from server_under_test import Running, eventually

from minikafka.server import codec, versions

METADATA, PRODUCE, FETCH, API_VERSIONS = 3, 0, 1, 18
ALL_TOPICS = {"topics": None}
LIMIT = 104_857_600


def assert_others_are_unharmed(cluster: Running) -> None:
    with cluster.connect() as other:
        assert len(other.ask(METADATA, 12, ALL_TOPICS)["brokers"]) == 3


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"\xff\xff\xff\xff", id="negative-length"),
        pytest.param((LIMIT + 1).to_bytes(4, "big"), id="above-limit"),
        pytest.param(b"\0\0\0\0", id="empty"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n", id="garbage"),
        pytest.param(bytes.fromhex("0000000a fffb 0000 00000001 ffff"), id="negative-key"),
        pytest.param(bytes.fromhex("0000000a 0fff 0000 00000001 ffff"), id="unknown-key"),
        pytest.param(bytes.fromhex("0000000a 0003 0063 00000001 ffff"), id="unsupported-version"),
        pytest.param(bytes.fromhex("0000000a 0000 0002 00000001 ffff"), id="produce-2-is-shown-and-not-served"),
        pytest.param(bytes.fromhex("0000000a 0007 0000 00000001 ffff"), id="an-api-that-is-not-shown"),
        pytest.param(bytes.fromhex("0000000e 0003 0001 00000001 ffff 7fffffff"), id="more-topics-than-bytes"),
        pytest.param(bytes.fromhex("00000006 0003 0001 0000"), id="header-cut"),
    ],
)
def test_the_connection_is_closed_without_an_answer(cluster: Running, frame: bytes) -> None:
    with cluster.connect() as wire:
        wire.send(frame)
        assert wire.is_closed()
    assert_others_are_unharmed(cluster)


def test_what_was_asked_before_the_bad_frame_is_answered(cluster: Running) -> None:
    with cluster.connect() as wire:
        wire.send(codec.request_frame(METADATA, 12, 5, None, ALL_TOPICS) + b"\xff\xff\xff\xff")
        assert len(wire.answer(METADATA, 12, 5)["brokers"]) == 3
        assert wire.is_closed()


def test_a_frame_of_the_largest_size_is_waited_for(cluster: Running) -> None:
    with cluster.connect() as wire:
        wire.send(LIMIT.to_bytes(4, "big") + b"\0\x03")
        assert wire.is_silent()


def test_the_limit_is_a_setting() -> None:
    with Running(brokers=1, config={"socket.request.max.bytes": 100}) as running, running.connect() as wire:
        wire.send((101).to_bytes(4, "big"))
        assert wire.is_closed()


def test_a_connection_that_nobody_uses_is_closed_and_one_in_use_is_not() -> None:
    brief = {"connections.max.idle.ms": 500}
    with Running(brokers=1, config=brief) as running, running.connect() as idle, running.connect() as busy:
        for _ in range(20):
            assert busy.ask(METADATA, 9, {"topics": []})["brokers"]
            time.sleep(0.1)
        assert idle.is_closed()
        assert busy.ask(METADATA, 9, {"topics": []})["brokers"]


def test_a_connection_that_waits_for_its_answer_is_not_idle() -> None:
    asked = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1_000}
    topics = [{"topic": "quiet", "topic_id": bytes(16), "partitions": [asked]}]
    fetch = {"max_wait_ms": 1_500, "min_bytes": 1, "topics": topics, "forgotten_topics_data": []}
    with Running(brokers=1, config={"connections.max.idle.ms": 400}) as running, running.connect() as wire:
        found = {"topics": [{"name": "quiet"}], "allow_auto_topic_creation": True}
        eventually(lambda: wire.ask(METADATA, 9, found)["topics"][0]["error_code"] == 0, "the topic")
        began = time.monotonic()
        assert wire.ask(FETCH, 12, fetch)["error_code"] == 0
        assert time.monotonic() - began > 1


def test_one_connection_too_many_is_closed_and_there_is_room_when_another_has_gone() -> None:
    with Running(brokers=1, config={"max.connections": 2}) as running:
        with running.connect() as first, running.connect() as second:
            for wire in (first, second):
                assert wire.ask(METADATA, 9, {"topics": []})["brokers"]
            with running.connect() as third:
                assert third.is_closed()
        frontend = running.server.listeners[1].frontend
        assert frontend is not None
        eventually(lambda: not frontend.connections, "room")
        with running.connect() as fourth:
            assert fourth.ask(METADATA, 9, {"topics": []})["brokers"]


def test_bytes_behind_the_body_are_ignored(cluster: Running) -> None:
    frame = codec.request_frame(METADATA, 4, 9, "me", ALL_TOPICS)[4:] + b"extra"
    with cluster.connect() as wire:
        wire.send(len(frame).to_bytes(4, "big") + frame)
        assert len(wire.answer(METADATA, 4, 9)["brokers"]) == 3


def test_a_client_without_a_name_is_answered(cluster: Running) -> None:
    with cluster.connect() as wire:
        assert len(wire.ask(METADATA, 4, ALL_TOPICS, client_id=None)["brokers"]) == 3


def test_unknown_tagged_fields_are_ignored(cluster: Running) -> None:
    # Metadata v9, correlation 7, no client id, tag 99 in the header; topics null, three bools, tag 50 in the body
    message = bytes.fromhex("0003 0009 00000007 ffff 01 63 02 abcd00 010000 01 32 01 ff")
    with cluster.connect() as wire:
        wire.send(len(message).to_bytes(4, "big") + message)
        assert len(wire.answer(METADATA, 9, 7)["brokers"]) == 3


def test_a_negative_correlation_id_is_echoed(cluster: Running) -> None:
    with cluster.connect() as wire:
        wire.send(codec.request_frame(METADATA, 12, -3, "me", ALL_TOPICS))
        wire.answer(METADATA, 12, -3)


def test_api_versions_99_is_answered_as_version_0_with_one_row(cluster: Running) -> None:
    with cluster.connect() as wire:
        wire.send(bytes.fromhex("0000000b 0012 0063 00000007 ffff 00"))
        assert wire.frame() == bytes.fromhex("00000007 0023 00000001 0012 0000 0004")
        assert wire.ask(API_VERSIONS, 3, {"client_software_name": "a", "client_software_version": "1.0"})["api_keys"]


@pytest.mark.parametrize("version", [0, 1, 2, 3, 4])
def test_api_versions_shows_exactly_what_is_served(cluster: Running, version: int) -> None:
    with cluster.connect() as wire:
        body = wire.ask(API_VERSIONS, version, {"client_software_name": "my-client", "client_software_version": "1.0"})
    assert body["error_code"] == 0
    shown = {row["api_key"]: range(row["min_version"], row["max_version"] + 1) for row in body["api_keys"]}
    assert shown.pop(PRODUCE) == range(versions.SERVED[PRODUCE].stop)
    assert shown == {key: served for key, served in versions.SERVED.items() if key != PRODUCE}


def test_a_malformed_software_name_is_an_invalid_request(cluster: Running) -> None:
    with cluster.connect() as wire:
        body = wire.ask(API_VERSIONS, 3, {"client_software_name": "a b!", "client_software_version": "1"})
    assert (body["error_code"], body["api_keys"]) == (42, [])


def test_what_is_shown_fits_together() -> None:
    versions.check_served()


def test_a_waiting_fetch_holds_up_its_own_connection_only(cluster: Running) -> None:
    with cluster.connect() as slow, cluster.connect() as quick:
        made = {"name": "frames-wait", "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}
        assert quick.ask(19, 5, {"topics": [made]})["topics"][0]["error_code"] in (0, 36)
        leader = quick.ask(METADATA, 9, {"topics": [{"name": "frames-wait"}]})["topics"][0]["partitions"][0][
            "leader_id"
        ]
        with cluster.connect(leader) as waiting:
            partition = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 100}
            topics = [{"topic": "frames-wait", "partitions": [partition]}]
            ask = {"max_wait_ms": 400, "min_bytes": 1, "topics": topics, "forgotten_topics_data": []}
            first = codec.request_frame(FETCH, 12, 1, "me", ask)
            waiting.send(first + codec.request_frame(METADATA, 12, 2, "me", ALL_TOPICS))
            assert len(slow.ask(METADATA, 12, ALL_TOPICS)["brokers"]) == 3
            assert waiting.is_silent(0.05)
            assert waiting.answer(FETCH, 12, 1)["responses"][0]["partitions"][0]["error_code"] == 0
            assert len(waiting.answer(METADATA, 12, 2)["brokers"]) == 3


def test_one_byte_at_a_time_and_many_at_once(cluster: Running) -> None:
    frames = [codec.request_frame(METADATA, version, version, "me", ALL_TOPICS) for version in range(1, 14)]
    with cluster.connect() as wire:
        for byte in b"".join(frames[:3]):
            wire.send(bytes([byte]))
        wire.send(b"".join(frames[3:]))
        for version in range(1, 14):
            assert len(wire.answer(METADATA, version, version)["brokers"]) == 3


def test_a_client_that_hangs_up_while_it_waits_is_forgotten(cluster: Running) -> None:
    partition = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 100}
    with cluster.connect() as wire:
        ask = {"max_wait_ms": 60_000, "min_bytes": 1, "forgotten_topics_data": []}
        wire.send(
            codec.request_frame(FETCH, 12, 1, "me", ask | {"topics": [{"topic": "no", "partitions": [partition]}]})
        )
    assert_others_are_unharmed(cluster)
