"""What Apache Kafka 4.4.0 answered about records and offsets in transactions, row by row."""

from __future__ import annotations

from typing import Any

import pytest
from answers_kit import Row, batches, offsets, row_name
from producer_kit import ADD_PARTITIONS, Asker
from server_under_test import Running, eventually

from minikafka.protocol.records import end_marker

DESCRIBE_PRODUCERS, DESCRIBE_TRANSACTIONS, LIST_TRANSACTIONS = 61, 65, 66
COMMITTED = 1


def begun(running: Running, *, records: int = 0, timeout_ms: int = 60_000) -> tuple[Asker, int]:
    """A producer with partition 0, and so many records, in its transaction."""
    asker = Asker(running)
    producer: int = asker.init(timeout_ms=timeout_ms)["producer_id"]
    assert asker.add(producer, 0) == 0
    if records:
        assert asker.produce(producer, 0, 0, records, transactional_id=asker.transactional_id)[0] == 0
    return asker, producer


def verify_present(running: Running) -> list[int]:
    asker, producer = begun(running)
    known = {"transactional_id": asker.transactional_id, "producer_id": producer, "producer_epoch": 0}
    known |= {"verify_only": True, "topics": [{"name": asker.topic, "partitions": [0]}]}
    answer = asker.wire.ask(ADD_PARTITIONS, 4, {"transactions": [known]})
    (topic,) = answer["results_by_transaction"][0]["topic_results"]
    return [answer["error_code"], topic["results_by_partition"][0]["partition_error_code"]]


# --- txnread ----------------------------------------------------------------------------------------------------------


def read_open(running: Running) -> dict[str, Any]:
    asker = Asker(running)
    assert asker.plain() == (0, 0)
    producer = asker.init()["producer_id"]
    assert asker.add(producer, 0) == 0
    assert asker.produce(producer, 0, 0, 2, transactional_id=asker.transactional_id) == (0, 1)
    committed, uncommitted = asker.fetch(0, COMMITTED), asker.fetch(0)
    return {
        "committed": offsets(committed["records"]),
        "hw": committed["high_watermark"],
        "latest": [asker.latest(), asker.latest(COMMITTED)],
        "lso": committed["last_stable_offset"],
        "uncommitted": offsets(uncommitted["records"]),
    }


def aborted(running: Running) -> Asker:
    """A record of an aborted transaction at 0, and its marker at 1."""
    asker, producer = begun(running, records=1)
    assert asker.end(producer, 0, commits=False)["error_code"] == 0
    eventually(lambda: asker.latest(COMMITTED) == 2, "the marker")
    return asker


def aborted_list_after(running: Running) -> list[int]:
    asker = aborted(running)
    return [len(asker.fetch(offset, COMMITTED)["aborted_transactions"] or []) for offset in (0, 2)]


# --- txnoffsets -------------------------------------------------------------------------------------------------------


def offsets_committed(running: Running) -> list[int]:
    asker, producer = begun(running)
    told = [asker.add_offsets(producer, 0), asker.commit_offset(producer, 0), asker.desk.offset()]
    told.append(asker.end(producer, 0)["error_code"])
    eventually(lambda: asker.desk.offset() != -1, "the offset")
    return [*told, asker.desk.offset()]


def offsets_aborted(running: Running) -> list[int]:
    asker, producer = begun(running)
    assert asker.desk.commit(3) == 0
    assert [asker.add_offsets(producer, 0), asker.commit_offset(producer, 0)] == [0, 0]
    unstable = asker.desk.committed(0, require_stable=True)["topics"][0]["partitions"][0]["error_code"]
    assert asker.end(producer, 0, commits=False)["error_code"] == 0

    def stable() -> bool:
        (told,) = asker.desk.committed(0, require_stable=True)["topics"][0]["partitions"]
        return told["error_code"] == 0

    eventually(stable, "the marker")
    return [unstable, asker.desk.offset()]


def another_partition(running: Running) -> list[int]:
    asker, producer = begun(running)
    assert asker.desk.commit(3, partition=1) == 0
    assert [asker.add_offsets(producer, 0), asker.commit_offset(producer, 0)] == [0, 0]
    (told,) = asker.desk.committed(1, require_stable=True)["topics"][0]["partitions"]
    return [told["error_code"], told["committed_offset"]]


def offsets_not_added(running: Running) -> list[int]:
    asker = Asker(running)
    producer = asker.init()["producer_id"]
    told = [asker.commit_offset(producer, 0, version=5), asker.end(producer, 0, version=5)["error_code"]]
    eventually(lambda: asker.desk.offset() != -1, "the offset")
    return [*told, asker.desk.offset()]


def no_member_on_stable(running: Running) -> int:
    asker, producer = begun(running)
    asker.desk.stable()
    assert asker.add_offsets(producer, 0) == 0
    return asker.commit_offset(producer, 0)


def generation_unknown_group(running: Running) -> int:
    asker, producer = begun(running)
    assert asker.add_offsets(producer, 0) == 0
    return asker.commit_offset(producer, 0, version=3, generation=1, member_id="m")


def offsets_of_unknown_topic(running: Running) -> int:
    asker, producer = begun(running)
    assert asker.add_offsets(producer, 0) == 0
    return asker.commit_offset(producer, 0, topic="nobody-made-it")


# --- txntimeout -------------------------------------------------------------------------------------------------------


def timed_out(running: Running) -> dict[str, int]:
    asker, _ = begun(running, records=1, timeout_ms=2_000)
    eventually(lambda: asker.latest(COMMITTED) == 2, "the marker")
    answer = asker.fetch(0, COMMITTED)
    (marker,) = batches(asker.fetch(1)["records"])  # the record is of 1970: the marker is in the next segment
    outcome = end_marker(marker)
    assert outcome is not None
    assert not outcome.commit
    return {
        "aborted": len(answer["aborted_transactions"]),
        "lso": answer["last_stable_offset"],
        "marker_epoch_minus_producer": marker.producer_epoch,
    }


# --- looking at producers and transactions ----------------------------------------------------------------------------


def producers_after_commit(running: Running) -> list[int]:
    asker, producer = begun(running, records=1)
    assert asker.end(producer, 0)["error_code"] == 0
    eventually(lambda: asker.latest(COMMITTED) == 2, "the marker")
    asked = {"topics": [{"name": asker.topic, "partition_indexes": [0]}]}
    (told,) = asker.wire.ask(DESCRIBE_PRODUCERS, 0, asked)["topics"][0]["partitions"]
    return [one["current_txn_start_offset"] for one in told["active_producers"] if one["producer_id"] == producer]


def transaction(asker: Asker) -> list[Any]:
    """Error, state, partitions, whether it has a start."""
    asked = {"transactional_ids": [asker.transactional_id]}
    (told,) = asker.wire.ask(DESCRIBE_TRANSACTIONS, 0, asked)["transaction_states"]
    partitions = sum(len(topic["partitions"]) for topic in told["topics"])
    return [told["error_code"], told["transaction_state"], partitions, told["transaction_start_time_ms"] > 0]


def states(running: Running) -> list[list[Any]]:
    asker = Asker(running)
    producer = asker.init()["producer_id"]
    told = [transaction(asker)]
    assert asker.add(producer, 0) == 0
    told.append(transaction(asker))
    assert asker.end(producer, 0)["error_code"] == 0
    eventually(lambda: transaction(asker)[1] == "CompleteCommit", "the end")
    return [*told, transaction(asker)]


def filters(running: Running) -> list[Any]:
    asker, producer = begun(running)
    asked = {"state_filters": ["Ongoing", "Nope"], "producer_id_filters": [producer]}
    answer = asker.wire.ask(LIST_TRANSACTIONS, 1, asked)
    own = [[one["transactional_id"] == asker.transactional_id, one["transaction_state"]]
           for one in answer["transaction_states"]]  # fmt: skip
    return [answer["error_code"], answer["unknown_state_filters"], own]


# --- the rows ---------------------------------------------------------------------------------------------------------

ROWS = [
    Row("addpartitions-verify_present", "v4+ verify-only for a partition in the transaction", verify_present, [0, 0]),
    Row("txnread-open", "2 open records after a plain one: batches, LSO, latest", read_open, {
        "committed": [(0, 0)], "hw": 3, "latest": [3, 1], "lso": 1, "uncommitted": [(0, 0), (1, 2)],
    }),
    Row("txnread-aborted_list_after", "read_committed from the record, and from behind the abort marker",
        aborted_list_after, [1, 0]),
    Row("txnoffsets-commit", "AddOffsetsToTxn, TxnOffsetCommit v0-4, EndTxn: OffsetFetch before and after",
        offsets_committed, [0, 0, -1, 0, 7]),
    Row("txnoffsets-abort", "require_stable meanwhile; an older commit of 3 after the abort", offsets_aborted, [88, 3]),
    Row("txnoffsets-require_stable_other", "require_stable of another partition, none pending", another_partition,
        [0, 3]),
    Row("txnoffsets-not_added_v5", "v5+ without AddOffsetsToTxn, EndTxn v5, OffsetFetch", offsets_not_added, [0, 0, 7]),
    Row("txnoffsets-no_member_on_stable", "generation -1 and no member on a Stable group", no_member_on_stable, 0),
    Row("txnoffsets-generation_unknown_group", "v3-4 with generation 1 and a member, no such group",
        generation_unknown_group, 22),
    Row("txnoffsets-unknown_topic", "v0-4 for an unknown topic", offsets_of_unknown_topic, 3),
    Row("txntimeout-abort", "one record, nothing done until the timeout", timed_out,
        {"aborted": 1, "lso": 2, "marker_epoch_minus_producer": 1}),
    Row("describeproducers-after_commit", "the start of its transaction after the commit", producers_after_commit,
        [-1]),
    Row("describetxn-unknown", "an id that was never initialised", lambda running: transaction(Asker(running)),
        [105, "", 0, False]),
    Row("describetxn-states", "after init, after AddPartitionsToTxn, after the commit", states,
        [[0, "Empty", 0, False], [0, "Ongoing", 1, True], [0, "CompleteCommit", 0, True]]),
    Row("listtxn-filters", "states [Ongoing, Nope] and the producer id", filters, [0, ["Nope"], [[True, "Ongoing"]]]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_transaction_rows(alone: Running, row: Row) -> None:
    row.check(alone)
