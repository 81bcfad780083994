"""What Apache Kafka 4.4.0 answered to members of KIP-848 groups, and to others who meet one, row by row."""

from __future__ import annotations

from typing import Any

import pytest
from answers_kit import Row, row_name
from group_kit import Desk, assigning, subscribing
from server_under_test import Running, eventually

NO_MIGRATION = "groups with members do not move between the two protocols (fidelity ledger: not modelled)"


def owning(desk: Desk, *partitions: int) -> list[dict[str, Any]]:
    return [{"topic_id": desk.topic_id(), "partitions": list(partitions)}]


def error(answer: dict[str, Any]) -> int:
    code: int = answer["error_code"]
    return code


# --- cgheartbeat ------------------------------------------------------------------------------------------------------


def join_then(desk: Desk) -> tuple[bool, list[int]]:
    desk.topic(partitions=2)
    epoch, partitions = desk.reconciled(["m"], [2])["m"]
    return epoch >= 1, partitions


def empty_member_v0(desk: Desk) -> list[Any]:
    desk.topic()
    answer = desk.consumer_heartbeat("", version=0)
    return [error(answer), bool(answer["member_id"])]


def empty_subscription(desk: Desk) -> dict[str, Any]:
    answer = desk.consumer_heartbeat(subscribed_topic_names=[])
    assigned = answer["assignment"]["topic_partitions"]
    epoch, interval = answer["member_epoch"], answer["heartbeat_interval_ms"]
    return {"assignment": assigned, "epoch": epoch, "error": error(answer), "interval": interval}


def joined_with(desk: Desk, **changes: Any) -> int:
    desk.topic()
    return error(desk.consumer_heartbeat(**changes))


def owned_nonempty_at_join(desk: Desk) -> int:
    desk.topic()
    return error(desk.consumer_heartbeat(topic_partitions=owning(desk, 0)))


def of_unknown_member(desk: Desk, epoch: int) -> int:
    desk.topic()
    desk.consumer_member()
    return error(desk.consumer_heartbeat("nobody", epoch))


def stale_epoch(desk: Desk) -> int:
    desk.topic()
    epoch = desk.consumer_member()["member_epoch"]
    for wanted in ([desk.name, "other"], [desk.name]):
        answer = desk.consumer_heartbeat(epoch=epoch, subscribed_topic_names=wanted, topic_partitions=[])

        def risen(before: int = epoch) -> int:
            answer = desk.consumer_heartbeat(epoch=before, topic_partitions=owning(desk, 0))
            return int(answer["member_epoch"]) if answer["member_epoch"] > before else 0

        epoch = answer["member_epoch"] if answer["member_epoch"] > epoch else eventually(risen, "the next epoch")
    assert epoch >= 3
    return error(desk.consumer_heartbeat(epoch=1, topic_partitions=[]))


def static_leave_return(desk: Desk) -> list[Any]:
    desk.topic()
    first = desk.consumer_member("m", instance_id="i")
    gone = desk.consumer_heartbeat("m", -2, instance_id="i")
    back = desk.consumer_heartbeat("n", instance_id="i")
    errors = [error(one) for one in (first, gone, back)]
    same = back["member_epoch"] == first["member_epoch"]
    return [errors[0], errors[1], gone["member_epoch"], errors[2], same]


def two_members(desk: Desk) -> dict[str, Any]:
    desk.topic(partitions=4)
    told = desk.reconciled(["m", "n"], [2, 2])
    partitions = [one for _, own in told.values() for one in own]
    sizes = [len(own) for _, own in told.values()]
    same_epoch = len({epoch for epoch, _ in told.values()}) == 1
    return {"disjoint": sorted(partitions) == [0, 1, 2, 3], "same_epoch": same_epoch, "sizes": sizes}


def nothing_new(desk: Desk) -> Any:
    desk.topic()
    epoch, _ = desk.reconciled(["m"], [1])["m"]
    return desk.consumer_heartbeat("m", epoch)["assignment"]


def on_connect_group(desk: Desk) -> int:
    desk.topic()
    desk.stable(protocol_type="connect")
    return error(desk.another().consumer_heartbeat())


def on_classic_group(desk: Desk) -> list[Any]:
    desk.topic()
    classic = desk.stable(assigning(desk.name, 0))
    joined = desk.another().consumer_heartbeat()
    told = desk.consumer_described()
    return [error(joined), desk.beat(classic), told["error_code"], len(told["members"])]


def on_bad_classic_group(desk: Desk) -> int:
    desk.topic()
    desk.stable(b"\xff")
    return error(desk.another().consumer_heartbeat())


# --- cg: a KIP-848 group, asked as if it were another kind ------------------------------------------------------------


def classic_join(desk: Desk) -> int:
    desk.topic()
    desk.consumer_member()
    return error(desk.another().join(protocols=subscribing("foo", metadata=b"?")))


def classic_leave(desk: Desk) -> tuple[int, list[int]]:
    desk.topic()
    desk.consumer_member()
    return desk.leave("m")


def commit_of_member(desk: Desk, *, ahead: int = 0, member: str = "m", version: int = 9) -> int:
    desk.topic()
    epoch = desk.consumer_member()["member_epoch"]
    return desk.commit(7, epoch + ahead, member, version=version)


def offsetdelete_subscribed(desk: Desk) -> tuple[int, list[int]]:
    desk.topic()
    epoch = desk.consumer_member()["member_epoch"]
    assert desk.commit(7, epoch, "m", version=9) == 0
    return desk.delete_offset()


def downgrade(desk: Desk) -> tuple[int, bool]:
    desk.topic()
    desk.consumer_member()
    left = desk.consumer_heartbeat("m", -1)
    joined = desk.join()
    return error(left), error(joined) == 0


# --- cgdescribe -------------------------------------------------------------------------------------------------------


def describe(desk: Desk) -> list[Any]:
    told = desk.consumer_described()
    return [told["error_code"], told["group_state"]]


def describe_empty(desk: Desk) -> list[Any]:
    desk.topic()
    desk.consumer_member()
    assert error(desk.consumer_heartbeat("m", -1)) == 0
    return [*describe(desk), len(desk.consumer_described()["members"])]


# --- the rows ---------------------------------------------------------------------------------------------------------

ROWS = [
    Row("cgheartbeat-join_then", "the first member heartbeats until it owns 2 partitions", join_then, (True, [0, 1])),
    Row("cgheartbeat-empty_member_v0", "v0 epoch 0 with an empty member id: does the broker make one?",
        empty_member_v0, [0, True]),
    Row("cgheartbeat-empty_group", "an empty group id", lambda desk: joined_with(desk, group_id=""), 42),
    Row("cgheartbeat-empty_subscription", "epoch 0 with an empty subscription list", empty_subscription,
        {"assignment": [], "epoch": 1, "error": 0, "interval": 5_000}),
    Row("cgheartbeat-no_rebalance_timeout", "epoch 0 with rebalance timeout -1",
        lambda desk: joined_with(desk, rebalance_timeout_ms=-1), 42),
    Row("cgheartbeat-owned_at_join", "epoch 0 with owned partitions null",
        lambda desk: joined_with(desk, topic_partitions=None), 42),
    Row("cgheartbeat-owned_nonempty_at_join", "epoch 0 claiming a partition", owned_nonempty_at_join, 42),
    Row("cgheartbeat-unknown_group_epoch", "epoch 5 for a group that does not exist",
        lambda desk: error(desk.consumer_heartbeat(epoch=5)), 69),
    Row("cgheartbeat-unknown_member_epoch", "epoch 5 of an unknown member in an existing group",
        lambda desk: of_unknown_member(desk, 5), 25),
    Row("cgheartbeat-stale_epoch", "a member at epoch 3 or later says epoch 1 and owns nothing", stale_epoch, 110),
    Row("cgheartbeat-leave_unknown", "epoch -1 of an unknown member in an existing group",
        lambda desk: of_unknown_member(desk, -1), 25),
    Row("cgheartbeat-static_leave_return", "join, epoch -2, join with a new member id: epochs", static_leave_return,
        [0, 0, -2, 0, True]),
    Row("cgheartbeat-two_members", "a topic with 4 partitions: what each ends with", two_members,
        {"disjoint": True, "same_epoch": True, "sizes": [2, 2]}),
    Row("cgheartbeat-heartbeat_null_assignment", "a Stable member has nothing new: its assignment", nothing_new, None),
    Row("cgheartbeat-on_connect_group", "into a Stable classic group of type connect", on_connect_group, 69),
    Row("cgheartbeat-on_classic_group", "into a Stable classic group with a valid assignment: error, Heartbeat of the "
        "classic member, ConsumerGroupDescribe error and members", on_classic_group, [0, 27, 0, 2],
        ours=[69, 0, 69, 0], why=NO_MIGRATION),
    Row("cgheartbeat-on_bad_classic_group", "into a Stable classic group whose assignment is none",
        on_bad_classic_group, 69),
    Row("cg-classic_join", "JoinGroup (protocol foo, no subscription) into a KIP-848 group with a member",
        classic_join, 23),
    Row("cg-classic_leave", "LeaveGroup v3+ for a KIP-848 member", classic_leave, (0, [0])),
    Row("cg-commit_higher_epoch", "OffsetCommit v9+ with epoch + 1", lambda desk: commit_of_member(desk, ahead=1), 113),
    Row("cg-commit_v8", "OffsetCommit v2-8 with its epoch", lambda desk: commit_of_member(desk, version=8), 35),
    Row("cg-commit_unknown_member", "OffsetCommit v9+ of an unknown member",
        lambda desk: commit_of_member(desk, member="nobody"), 25),
    Row("cg-offsetdelete_subscribed", "OffsetDelete for a topic that a member subscribes to", offsetdelete_subscribed,
        (0, [86])),
    Row("cg-downgrade", "the last member leaves, then a classic JoinGroup", downgrade, (0, True)),
    Row("cgdescribe-unknown", "ConsumerGroupDescribe of a group that does not exist", describe, [69, ""]),
    Row("cgdescribe-empty", "after the only member left", describe_empty, [0, "Empty", 0]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_consumer_group_rows(alone: Running, row: Row) -> None:
    row.check(Desk(alone))
