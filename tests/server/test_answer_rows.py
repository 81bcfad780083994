"""What Apache Kafka 4.4.0 answered, row by row: numbered batches, producer ids, ends of transactions, settings.

Each row is a name, what is asked, and what Kafka said; -1 stands where it gave no offset.
"""

from __future__ import annotations

from typing import Any

import pytest
from producer_kit import Asker
from server_under_test import Running, eventually

DESCRIBE_CONFIGS, ALTER_CONFIGS = 32, 44
TOPIC, BROKER = 2, 4


# --- idempotent -------------------------------------------------------------------------------------------------------

BATCHES: dict[str, tuple[list[tuple[int, ...]], list[tuple[int, int]], int]] = {
    # name: (producer epoch, sequence, records) of each batch; (error, offset) of each answer; latest offset
    "duplicate_last": ([(0, 0), (0, 0)], [(0, 0), (0, 0)], 1),
    "duplicate_fifth": ([*((0, one) for one in range(6)), (0, 1)], [*((0, one) for one in range(6)), (0, 1)], 6),
    "duplicate_multi": ([(0, 0, 3), (0, 3, 2), (0, 0, 3)], [(0, 0), (0, 3), (0, 0)], 5),
    "overlap_longer": ([(0, 0, 2), (0, 0, 3)], [(0, 0), (45, -1)], 2),
    "lower_epoch": ([(1, 0), (0, 1)], [(0, 0), (47, -1)], 1),
    "higher_epoch_zero": ([(0, 0), (0, 1), (1, 0)], [(0, 0), (0, 1), (0, 2)], 3),
    "negative_epoch": ([(-1, 0)], [(0, 0)], 1),
    "retry_after_gap": ([(0, 0), (0, 2), (0, 1), (0, 2)], [(0, 0), (45, -1), (0, 1), (0, 2)], 3),
}


@pytest.mark.parametrize("row", BATCHES)
def test_idempotent_rows(alone: Running, row: str) -> None:
    batches, answers, latest = BATCHES[row]
    asker = Asker(alone)
    producer = asker.init(transactional=False)["producer_id"]
    assert [asker.produce(producer, *batch) for batch in batches] == answers
    assert asker.latest() == latest


def test_idempotent_unknown_pid(alone: Running) -> None:
    assert Asker(alone).produce(1 << 40, 0, 0) == (0, 0)


def test_idempotent_duplicate_after_other_producer(alone: Running) -> None:
    asker = Asker(alone)
    mine, other = (asker.init(transactional=False)["producer_id"] for _ in range(2))
    assert [asker.produce(one, 0, 0) for one in (mine, other, mine)] == [(0, 0), (0, 1), (0, 0)]


def test_idempotent_init(alone: Running) -> None:
    asker = Asker(alone)
    first, second = (asker.init(transactional=False) for _ in range(2))
    assert [one["producer_epoch"] for one in (first, second)] == [0, 0]
    assert first["producer_id"] != second["producer_id"]


# --- initpid ----------------------------------------------------------------------------------------------------------


def test_initpid_txn_first_and_again(alone: Running) -> None:
    asker = Asker(alone)
    first, again = asker.init(), asker.init()
    assert [(one["error_code"], one["producer_epoch"]) for one in (first, again)] == [(0, 0), (0, 1)]
    assert first["producer_id"] == again["producer_id"]


@pytest.mark.parametrize("timeout_ms", [900_001, 0, -1])
def test_initpid_timeouts(alone: Running, timeout_ms: int) -> None:
    answer = Asker(alone).init(timeout_ms=timeout_ms)
    assert (answer["error_code"], answer["producer_epoch"]) == (50, -1 if timeout_ms > 0 else answer["producer_epoch"])


def test_initpid_current_epoch_and_old_epoch_v3(alone: Running) -> None:
    asker = Asker(alone)
    producer = asker.init()["producer_id"]
    current = asker.init(version=3, producer_id=producer, producer_epoch=0)
    assert (current["error_code"], current["producer_epoch"], current["producer_id"]) == (0, 1, producer)
    asker.init()
    old = asker.init(version=3, producer_id=producer, producer_epoch=0)
    assert (old["error_code"], old["producer_epoch"]) == (47, -1)


# --- addpartitions, txnproduce, endtxn --------------------------------------------------------------------------------


def begun(alone: Running, added: bool = True) -> tuple[Asker, int]:
    """A producer, with partition 0 in its transaction."""
    asker = Asker(alone)
    producer: int = asker.init()["producer_id"]
    if added:
        assert asker.add(producer, 0) == 0
    return asker, producer


def test_addpartitions_unknown_txn(alone: Running) -> None:
    asker = Asker(alone)
    asker.init(transactional=False)
    eventually(lambda: asker.add(7, 0) == 49, "INVALID_PRODUCER_ID_MAPPING")


def test_txnproduce_tv1_not_added(alone: Running) -> None:
    asker, producer = begun(alone, added=False)
    assert asker.produce(producer, 0, 0, version=11, transactional_id=asker.transactional_id) == (120, -1)


def test_txnproduce_other_partition_not_added(alone: Running) -> None:
    asker, producer = begun(alone)
    mine = asker.transactional_id
    assert asker.produce(producer, 0, 0, partition=1, version=10, transactional_id=mine) == (48, -1)


def test_txnproduce_wrong_epoch(alone: Running) -> None:
    asker, producer = begun(alone)
    assert asker.produce(producer, 5, 0, version=11, transactional_id=asker.transactional_id) == (47, -1)


def test_txnproduce_after_commit_no_add(alone: Running) -> None:
    asker, producer = begun(alone)
    mine = asker.transactional_id
    assert asker.produce(producer, 0, 0, version=11, transactional_id=mine) == (0, 0)
    assert asker.end(producer, 0)["error_code"] == 0
    eventually(lambda: asker.latest() == 2, "the marker")
    assert asker.produce(producer, 0, 1, version=11, transactional_id=mine) == (120, -1)


def test_txnproduce_tv2_old_epoch(alone: Running) -> None:
    asker, producer = begun(alone, added=False)
    mine = asker.transactional_id
    assert asker.produce(producer, 0, 0, version=12, transactional_id=mine) == (0, 0)
    assert asker.end(producer, 0, version=5)["producer_epoch"] == 1
    eventually(lambda: asker.latest() == 2, "the marker")
    assert asker.produce(producer, 0, 1, version=12, transactional_id=mine) == (47, -1)


def test_txnproduce_tv2_unknown_txn(alone: Running) -> None:
    asker = Asker(alone)
    asker.init(transactional=False)
    assert asker.produce(7, 0, 0, version=12, transactional_id="nobody-knows-it") == (49, -1)


@pytest.mark.parametrize("version", [3, 5])
def test_endtxn_empty_commit(alone: Running, version: int) -> None:
    asker, producer = begun(alone, added=False)
    assert asker.end(producer, 0, version=version)["error_code"] == 48


def test_endtxn_retry_v5_and_retry_opposite_v5(alone: Running) -> None:
    asker, producer = begun(alone)
    for _ in range(2):
        answer = asker.end(producer, 0, version=5)
        assert (answer["error_code"], answer["producer_epoch"]) == (0, 1)
    assert asker.end(producer, 0, commits=False, version=5)["error_code"] == 48


def test_endtxn_old_epoch_v1(alone: Running) -> None:
    asker, producer = begun(alone)
    asker.init()
    assert asker.end(producer, 0, version=1)["error_code"] == 47


def test_endtxn_wrong_pid(alone: Running) -> None:
    asker, producer = begun(alone)
    assert asker.end(producer + 1, 0)["error_code"] == 49


def test_endtxn_add_only_writes_a_marker(alone: Running) -> None:
    asker, producer = begun(alone)
    assert asker.end(producer, 0)["error_code"] == 0
    eventually(lambda: asker.latest() == 1, "the marker")


def test_endtxn_epoch_kept_tv1(alone: Running) -> None:
    asker, producer = begun(alone)
    assert asker.end(producer, 0)["error_code"] == 0
    assert asker.add(producer, 0) == 0


# --- describeconfigs, incrementalalter --------------------------------------------------------------------------------


def change(asker: Asker, *changes: tuple[int, str, list[tuple[str, str]]]) -> list[int]:
    """Error codes of IncrementalAlterConfigs: (type, name, [(setting, value)])."""
    resources = [
        {
            "resource_type": kind,
            "resource_name": name,
            "configs": [{"name": key, "config_operation": 0, "value": value} for key, value in settings],
        }
        for kind, name, settings in changes
    ]
    answer = asker.wire.ask(ALTER_CONFIGS, 1, {"resources": resources, "validate_only": False})
    return [one["error_code"] for one in answer["responses"]]


def test_incrementalalter_rows(alone: Running) -> None:
    asker = Asker(alone)
    good, bad = ("retention.ms", "60000"), ("retention.ms", "abc")
    assert change(asker, (TOPIC, asker.topic, [bad])) == [40], "bad_value"
    assert change(asker, (TOPIC, asker.topic, [good, good])) == [42], "duplicate_key"
    twice = (TOPIC, asker.topic, [good])
    assert change(asker, twice, twice) == [42, 42], "duplicate_resource"
    assert change(asker, (TOPIC, "nobody-made-it", [good])) == [3], "unknown_topic"
    assert change(asker, (BROKER, "9999", [("log.cleaner.threads", "1")])) == [42], "wrong_broker"


def describe(asker: Asker, kind: int, keys: list[str] | None) -> Any:
    wanted = {"resource_type": kind, "resource_name": asker.topic, "configuration_keys": keys}
    return asker.wire.ask(DESCRIBE_CONFIGS, 4, {"resources": [wanted], "include_synonyms": True})["results"][0]


def test_describeconfigs_rows(alone: Running) -> None:
    asker = Asker(alone)
    assert change(asker, (TOPIC, asker.topic, [("retention.ms", "60000")])) == [0]

    def told() -> Any:
        (one,) = describe(asker, TOPIC, ["retention.ms"])["configs"]
        return one if one["value"] == "60000" else None

    one = eventually(told, "topic_set")
    synonyms = [[other["name"], other["value"], other["source"]] for other in one["synonyms"]]
    assert (one["config_source"], synonyms[0]) == (1, ["retention.ms", "60000", 1])
    # A known difference: Kafka has no second one. Its log.retention.ms has no default (hours do), and ours has one.
    assert synonyms[1:] == [["log.retention.ms", "604800000", 5]]
    unknown = describe(asker, TOPIC, ["no.such.key"])
    assert (unknown["error_code"], unknown["configs"]) == (0, []), "unknown_key"
    empty = describe(asker, TOPIC, [])
    assert (empty["error_code"], bool(empty["configs"])) == (0, True), "empty_keys"
    assert describe(asker, 99, None)["error_code"] == 42, "bad_type"
