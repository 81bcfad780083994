"""Subscriptions and assignments, byte for byte as Java packs them."""

from __future__ import annotations

import pytest

from minikafka.protocol import consumer_protocol
from minikafka.protocol.consumer_protocol import Assigned, MalformedBytes, Subscription
from minikafka.types import TopicPartition

ALL = Subscription(("b", "a"), b"xy", (TopicPartition("a", 1), TopicPartition("a", 0)), 7, "r1")


def test_a_subscription_of_version_3_has_these_bytes():
    packed = consumer_protocol.pack_subscription(ALL)
    assert packed.hex(" ") == (
        "00 03 00 00 00 02 00 01 61 00 01 62 00 00 00 02 78 79 "
        "00 00 00 01 00 01 61 00 00 00 02 00 00 00 00 00 00 00 01 00 00 00 07 00 02 72 31"
    )


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (0, Subscription(("a", "b"), b"xy")),
        (1, Subscription(("a", "b"), b"xy", tuple(sorted(ALL.owned)))),
        (2, Subscription(("a", "b"), b"xy", tuple(sorted(ALL.owned)), 7)),
        (3, Subscription(("a", "b"), b"xy", tuple(sorted(ALL.owned)), 7, "r1")),
    ],
)
def test_an_older_version_lacks_what_came_later(version, expected):
    assert consumer_protocol.unpack_subscription(consumer_protocol.pack_subscription(ALL, version)) == expected


def test_a_newer_version_is_read_as_far_as_it_is_known():
    packed = b"\x00\x09" + consumer_protocol.pack_subscription(ALL)[2:] + b"news"
    assert consumer_protocol.unpack_subscription(packed).rack == "r1"


def test_no_rack_and_no_user_data():
    plain = Subscription(("t",))
    assert consumer_protocol.unpack_subscription(consumer_protocol.pack_subscription(plain)) == plain


def test_an_assignment_has_these_bytes_and_comes_back():
    assigned = Assigned((TopicPartition("a", 0), TopicPartition("a", 2), TopicPartition("b", 1)))
    packed = consumer_protocol.pack_assignment(assigned)
    assert packed.hex(" ") == (
        "00 03 00 00 00 02 00 01 61 00 00 00 02 00 00 00 00 00 00 00 02 00 01 62 00 00 00 01 00 00 00 01 ff ff ff ff"
    )
    assert consumer_protocol.unpack_assignment(packed) == assigned


def test_no_bytes_are_an_empty_assignment():
    assert consumer_protocol.unpack_assignment(b"") == Assigned(())


@pytest.mark.parametrize("size", range(1, 40))
def test_bytes_that_end_too_early_are_refused(size):
    packed = consumer_protocol.pack_subscription(ALL)
    with pytest.raises(MalformedBytes):
        consumer_protocol.unpack_subscription(packed[:size])


@pytest.mark.parametrize(
    "garbage", [b"foo", b"\xff\xff", b"\x00\x00\x7f\xff\xff\xff", b"\x00\x00\x00\x00\x00\x01\x00\x01\xff"]
)
def test_what_is_no_subscription_is_refused(garbage):
    with pytest.raises(MalformedBytes):
        consumer_protocol.unpack_subscription(garbage)


def test_sticky_remembers_its_partitions_and_generation():
    owned = (TopicPartition("a", 0), TopicPartition("a", 1))
    packed = consumer_protocol.pack_sticky_memory(owned, 4)
    assert consumer_protocol.unpack_sticky_memory(packed) == (owned, 4)
    assert consumer_protocol.unpack_sticky_memory(packed[:-4]) == (owned, -1)
    assert consumer_protocol.unpack_sticky_memory(None) == ((), -1)
