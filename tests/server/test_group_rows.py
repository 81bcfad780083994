"""What Apache Kafka 4.4.0 answered to members of classic groups, row by row."""

from __future__ import annotations

from typing import Any

import pytest
from answers_kit import Row, row_name
from group_kit import FIND_COORDINATOR, Desk, subscribing
from server_under_test import Running, eventually

GROUP, TRANSACTION = 0, 1

# --- findcoordinator --------------------------------------------------------------------------------------------------


def coordinator(desk: Desk, key: str, kind: int) -> tuple[int, int]:
    """(error, node)."""
    answer = desk.ask(FIND_COORDINATOR, 3, {"key": key, "key_type": kind})
    return answer["error_code"], answer["node_id"]


def no_keys(desk: Desk) -> int:
    return len(desk.ask(FIND_COORDINATOR, 4, {"key_type": GROUP, "coordinator_keys": []})["coordinators"])


def same_twice(desk: Desk) -> bool:
    return coordinator(desk, desk.name, GROUP) == coordinator(desk, desk.name, GROUP)


# --- join and static --------------------------------------------------------------------------------------------------


def first_join(desk: Desk) -> dict[str, Any]:
    joined = desk.join()
    names = {key: joined[key] for key in ("error_code", "generation_id", "protocol_name")}
    is_mine = joined["member_id"] == joined["leader"], joined["member_id"].startswith("test-")
    return names | {"leader_is_me": is_mine[0], "begins_with_client_id": is_mine[1], "members": len(joined["members"])}


def no_common_protocol(desk: Desk) -> int:
    desk.stable()
    error: int = desk.another().join(protocols=subscribing("sticky", desk.name))["error_code"]
    return error


def rejoin_leader(desk: Desk) -> dict[str, int]:
    first = desk.stable()
    again = desk.join(first["member_id"])
    changed = again["generation_id"] - first["generation_id"]
    return {"error": again["error_code"], "generation_change": changed, "members": len(again["members"])}


def skip_assignment(desk: Desk) -> bool:
    known = desk.join(version=9)
    assert known["error_code"] == 79, "MEMBER_ID_REQUIRED"
    joined = desk.join(known["member_id"], version=9)
    assert joined["error_code"] == 0
    skips: bool = joined["skip_assignment"]
    return skips


def generation_after_empty(desk: Desk) -> list[int]:
    first = desk.stable()
    assert desk.leave(first["member_id"]) == (0, [0])
    return [first["generation_id"], desk.join()["generation_id"]]


def replaced(desk: Desk) -> Any:
    """A static member whose place another has taken."""
    old = desk.join(version=7, group_instance_id="i")
    new = desk.another().join(version=7, group_instance_id="i")
    assert old["error_code"] == new["error_code"] == 0
    assert old["member_id"] != new["member_id"]
    return old


def fenced_heartbeat(desk: Desk) -> int:
    return desk.beat(replaced(desk), instance="i")


def fenced_heartbeat_no_instance(desk: Desk) -> int:
    return desk.beat(replaced(desk))


def unknown_instance(desk: Desk) -> int:
    return desk.beat(desk.stable(), instance="nobody")


# --- sync -------------------------------------------------------------------------------------------------------------


def sync_names(desk: Desk) -> list[Any]:
    synced = desk.sync(desk.join(), b"A")
    return [synced["protocol_type"], synced["protocol_name"]]


def sync_with(desk: Desk, **changes: Any) -> int:
    error: int = desk.sync(desk.join(), b"A", **changes)["error_code"]
    return error


def sync_unknown_group(desk: Desk) -> int:
    error: int = desk.sync({"generation_id": 1, "member_id": "nobody"})["error_code"]
    return error


def sync_stable_again(desk: Desk) -> list[Any]:
    again = desk.sync(desk.stable(b"A"), b"B")
    return [again["error_code"], again["assignment"]]


def sync_preparing(desk: Desk) -> int:
    joined, _ = desk.preparing()
    error: int = desk.sync(joined, b"A")["error_code"]
    return error


def sync_parked(desk: Desk) -> int:
    _, follower, its_desk = desk.two()
    waiting = its_desk.begin(14, 5, its_desk.sync_body(follower))
    assert its_desk.wire.is_silent()
    third = desk.another()
    third.begin_join()
    error: int = waiting()["error_code"]
    return error


# --- heartbeat --------------------------------------------------------------------------------------------------------


def beat_stable(desk: Desk) -> int:
    return desk.beat(desk.stable())


def beat_preparing(desk: Desk) -> int:
    joined, _ = desk.preparing()
    return desk.beat(joined)


def beat_completing(desk: Desk) -> int:
    return desk.beat(desk.join())


def beat_after_leave(desk: Desk) -> int:
    joined = desk.stable()
    assert desk.leave(joined["member_id"]) == (0, [0])
    return desk.beat(joined)


def session_expired(desk: Desk) -> list[Any]:
    """Kafka's session was one of 6 s; ours is shorter, so that nobody waits."""
    joined = desk.stable(session_timeout_ms=2_000)
    eventually(lambda: desk.state() == "Empty", "the end of the session")
    return [desk.beat(joined), desk.state()]


def pending_member(desk: Desk) -> int:
    desk.stable()
    told = desk.another().join(version=5)
    assert told["error_code"] == 79, "MEMBER_ID_REQUIRED"
    return desk.heartbeat(told["member_id"], -1)


# --- leave ------------------------------------------------------------------------------------------------------------


def leave_unknown_member(desk: Desk) -> Any:
    return desk.leave("made-up", desk.stable()["member_id"])


# --- the rows ---------------------------------------------------------------------------------------------------------

ROWS = [
    Row("findcoordinator-empty_txn", "the empty transactional id", lambda desk: coordinator(desk, "", 1), (0, 1)),
    Row("findcoordinator-no_keys", "v4+ with an empty key list: how many answers", no_keys, 0),
    Row("findcoordinator-stable", "one group twice: the same node", same_twice, True),
    Row("join-v3_no_id", "v0-3 without a member id joins at once", first_join, {
        "error_code": 0, "generation_id": 1, "leader_is_me": True, "begins_with_client_id": True, "members": 1,
        "protocol_name": "range",
    }),
    Row("join-empty_group_id", "an empty group id", lambda desk: desk.join(group_id="")["error_code"], 24),
    Row("join-empty_protocol_type", "a new group with an empty protocol type",
        lambda desk: desk.join(protocol_type="")["error_code"], 23),
    Row("join-no_common_protocol", "only sticky, in a Stable group that uses range", no_common_protocol, 23),
    Row("join-not_my_group_node", "an empty group id and a session timeout of 1 ms",
        lambda desk: desk.join(group_id="", session_timeout_ms=1)["error_code"], 24),
    Row("join-rejoin_leader", "the only member of a Stable group joins again with the same metadata", rejoin_leader,
        {"error": 0, "generation_change": 1, "members": 1}),
    Row("join-skip_assignment", "v9: skip_assignment for a normal first join", skip_assignment, False),
    Row("join-generation_after_empty", "the only member leaves, another joins", generation_after_empty, [1, 3]),
    Row("static-fenced_heartbeat", "the member that was replaced, with its instance id", fenced_heartbeat, 82),
    Row("static-fenced_heartbeat_no_instance", "the same without", fenced_heartbeat_no_instance, 25),
    Row("static-unknown_instance", "an instance id the group does not know", unknown_instance, 25),
    Row("sync-v5_names", "protocol type and name in the answer", sync_names, ["consumer", "range"]),
    Row("sync-v5_null_names", "null protocol type and name",
        lambda desk: sync_with(desk, protocol_type=None, protocol_name=None), 23),
    Row("sync-v5_wrong_name", "sticky while range was chosen",
        lambda desk: sync_with(desk, protocol_name="sticky"), 23),
    Row("sync-unknown_group", "a group that does not exist", sync_unknown_group, 25),
    Row("sync-stable_again", "in a Stable group with another assignment", sync_stable_again, [0, b"A"]),
    Row("sync-preparing", "in PreparingRebalance", sync_preparing, 27),
    Row("sync-parked_then_rebalance", "a follower waits while a third member joins", sync_parked, 27),
    Row("heartbeat-stable", "a member of a Stable group", beat_stable, 0),
    Row("heartbeat-preparing", "in PreparingRebalance", beat_preparing, 27),
    Row("heartbeat-completing", "joined, the leader has not synced", beat_completing, 0),
    Row("heartbeat-after_leave", "after LeaveGroup of the only member", beat_after_leave, 25),
    Row("heartbeat-session_expired", "after the session timeout; state of the group", session_expired, [25, "Empty"]),
    Row("heartbeat-pending_member", "an id from MEMBER_ID_REQUIRED that has not joined, generation -1",
        pending_member, 25),
    Row("leave-unknown_member", "v3+ of [made-up member, the real member]", leave_unknown_member, (0, [25, 0])),
    Row("leave-unknown_group", "v3+ for a group that does not exist", lambda desk: desk.leave("made-up"), (0, [25])),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_group_rows(alone: Running, row: Row) -> None:
    row.check(Desk(alone))
