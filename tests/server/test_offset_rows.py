"""What Apache Kafka 4.4.0 answered about committed offsets, and to those who look at groups, row by row."""

from __future__ import annotations

from typing import Any

import pytest
from answers_kit import UNKNOWN_ID, Row, row_name
from group_kit import DELETE, LIST, Desk, subscribing
from server_under_test import Running

# --- commit -----------------------------------------------------------------------------------------------------------


def commit_unknown(desk: Desk, version: int) -> int:
    desk.topic()
    return desk.commit(generation=1, member_id="m", version=version)


def commit_stable(desk: Desk) -> int:
    desk.topic()
    joined = desk.stable()
    return desk.commit(7, joined["generation_id"], joined["member_id"])


def commit_on_emptied(desk: Desk) -> int:
    desk.topic()
    assert desk.leave(desk.stable()["member_id"]) == (0, [0])
    return desk.commit()


def commit_completing(desk: Desk) -> int:
    desk.topic()
    joined = desk.join()
    return desk.commit(7, joined["generation_id"], joined["member_id"])


def commit_preparing(desk: Desk) -> int:
    desk.topic()
    joined, _ = desk.preparing()
    return desk.commit(7, joined["generation_id"], joined["member_id"])


def null_metadata(desk: Desk) -> list[Any]:
    desk.topic()
    error = desk.commit(metadata=None)
    (partition,) = desk.committed(0)["topics"][0]["partitions"]
    return [error, partition["metadata"]]


def commit_beyond(desk: Desk) -> int:
    desk.topic()
    return desk.commit(1_000_000)


def commit_unknown_id(desk: Desk) -> int:
    return desk.commit(version=10, topic_id=UNKNOWN_ID)


def commit_unknown_partition(desk: Desk) -> int:
    desk.topic()
    return desk.commit(partition=9)


# --- offsetfetch ------------------------------------------------------------------------------------------------------


def all_topics(desk: Desk) -> list[Any]:
    desk.topic(partitions=2)
    assert [desk.commit(3), desk.commit(4, partition=1)] == [0, 0]
    group = desk.committed()
    partitions = [one for topic in group["topics"] for one in topic["partitions"]]
    told = [[one["partition_index"], one["committed_offset"], one["error_code"]] for one in partitions]
    return [group["error_code"], sorted(told)]


def not_committed(desk: Desk, topic: str = "") -> dict[str, Any]:
    desk.topic(partitions=2)
    assert desk.commit(3) == 0
    group = desk.committed(1, topic=topic)
    (partition,) = group["topics"][0]["partitions"]
    del partition["partition_index"]
    return partition | {"group_error": group["error_code"]}


NOTHING = {
    "error_code": 0, "group_error": 0, "committed_leader_epoch": -1, "metadata": "", "committed_offset": -1,
}  # fmt: skip


def require_stable(desk: Desk) -> int:
    desk.topic()
    assert desk.commit(7) == 0
    return desk.offset(require_stable=True)


# --- offsetdelete -----------------------------------------------------------------------------------------------------


def offsetdelete_ok(desk: Desk) -> Any:
    desk.topic()
    assert desk.commit(7) == 0
    return *desk.delete_offset(), desk.offset()


def offsetdelete_not_subscribed(desk: Desk) -> Any:
    desk.topic()
    assert desk.commit(7) == 0
    joined = desk.join(protocols=subscribing("range", "another-topic"))
    assert desk.sync(joined, b"A")["error_code"] == 0
    return desk.delete_offset()


# --- looking at groups and deleting them ------------------------------------------------------------------------------


def described(desk: Desk) -> dict[str, Any]:
    group = desk.described()
    names = {"error_code": "error", "group_state": "state", "protocol_type": "type", "protocol_data": "protocol"}
    return {short: group[name] for name, short in names.items()} | {"members": len(group["members"])}


def describe_empty(desk: Desk) -> Any:
    assert desk.leave(desk.stable()["member_id"]) == (0, [0])
    return described(desk)


def describe_simple(desk: Desk) -> Any:
    desk.topic()
    assert desk.commit() == 0
    return described(desk)


def listed(desk: Desk, version: int, **filters: list[str]) -> tuple[int, int]:
    desk.stable()
    answer = desk.ask(LIST, version, {"states_filter": [], "types_filter": []} | filters)
    return answer["error_code"], len(answer["groups"])


def delete_empty(desk: Desk) -> list[Any]:
    desk.topic()
    assert desk.commit() == 0
    (result,) = desk.ask(DELETE, 2, {"groups_names": [desk.name]})["results"]
    return [result["error_code"], desk.offset(), desk.state()]


# --- the rows ---------------------------------------------------------------------------------------------------------

ROWS = [
    Row("commit-unknown_group_generation", "v2-8, generation 1 with a member id, no such group",
        lambda desk: commit_unknown(desk, 8), 22),
    Row("commit-unknown_group_generation_v9", "the same in v9+", lambda desk: commit_unknown(desk, 9), 69),
    Row("commit-stable", "a member of a Stable group with its generation", commit_stable, 0),
    Row("commit-simple_on_emptied", "generation -1 without member, the group's members have left",
        commit_on_emptied, 0),
    Row("commit-completing", "in CompletingRebalance with the new generation", commit_completing, 27),
    Row("commit-preparing", "in PreparingRebalance with the current generation", commit_preparing, 0),
    Row("commit-null_metadata", "null metadata; OffsetFetch metadata", null_metadata, [0, ""]),
    Row("commit-offset_beyond_log", "offset 1000000 on an empty partition", commit_beyond, 0),
    Row("commit-unknown_topic_id", "v10 for an unknown topic id", commit_unknown_id, 100),
    Row("commit-unknown_partition", "partition 9 of a topic with one", commit_unknown_partition, 3),
    Row("offsetfetch-all_topics", "null topics of a group with 2 commits", all_topics, [0, [[0, 3, 0], [1, 4, 0]]]),
    Row("offsetfetch-not_committed", "a partition without commit in a group that has others", not_committed, NOTHING),
    Row("offsetfetch-unknown_topic", "v1-9 for a topic that does not exist",
        lambda desk: not_committed(desk, "nobody-made-it"), NOTHING),
    Row("offsetfetch-simple_require_stable", "v7+ with require_stable, no transactions", require_stable, 7),
    Row("offsetdelete-unknown_group", "a group that does not exist", lambda desk: desk.delete_offset(), (69, [])),
    Row("offsetdelete-ok", "a simple group's offset, then OffsetFetch", offsetdelete_ok, (0, [0], -1)),
    Row("offsetdelete-not_subscribed", "a topic that a Stable consumer group does not subscribe to",
        offsetdelete_not_subscribed, (0, [0])),
    Row("describegroups-empty", "a group whose only member left", describe_empty,
        {"error": 0, "members": 0, "protocol": "", "state": "Empty", "type": "consumer"}),
    Row("describegroups-simple", "a group that only has simple commits", describe_simple,
        {"error": 0, "members": 0, "protocol": "", "state": "Empty", "type": ""}),
    Row("listgroups-bad_state", "v4+ with states filter [NoSuchState]",
        lambda desk: listed(desk, 4, states_filter=["NoSuchState"]), (0, 0)),
    Row("listgroups-bad_type", "v5 with types filter [nosuchtype]",
        lambda desk: listed(desk, 5, types_filter=["nosuchtype"]), (0, 0)),
    Row("deletegroups-empty", "a simple group with an offset, then OffsetFetch and DescribeGroups v0-5", delete_empty,
        [0, -1, "Dead"]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_offset_rows(alone: Running, row: Row) -> None:
    row.check(Desk(alone))
