"""What facts about groups do to the picture: who is a member, who may read what, and what is committed."""

from __future__ import annotations

from typing import Any

State = dict[str, Any]
KINDS = {
    "CoordinatorLoaded", "CoordinatorUnloaded", "GroupChanged", "MemberJoined", "MemberRemoved", "AssignmentGiven",
    "OffsetCommitted", "CommitRefused", "OffsetsForgotten",
}  # fmt: skip
"""Those that a coordinator states."""


def apply(state: State, step: int, node: str, kind: str, content: State, index: int) -> None:
    """Let one fact of a coordinator change the state."""
    if kind == "CoordinatorLoaded":
        state["coordinators"][content["partition"]] = node
    elif kind == "CoordinatorUnloaded":
        if state["coordinators"].get(content["partition"]) == node:
            del state["coordinators"][content["partition"]]
    else:
        group = state["groups"].setdefault(content["group"], _group())
        group["coordinator"] = node
        if kind in ("OffsetCommitted", "OffsetsForgotten"):
            _commit(group, step, kind, content)
        else:
            _change(group, step, kind, content, index)


def _group() -> State:
    return {
        "coordinator": "", "state": "", "generation": -1, "protocol": "", "leader": "", "since": 0,
        "members": {}, "gone": None, "committed": {}, "pending": {}, "refused": -1,
    }  # fmt: skip


def _member(step: int) -> State:
    return {"instance": "", "session": 0, "poll": 0, "since": step, "generation": -1, "partitions": []}


def _change(group: State, step: int, kind: str, content: State, index: int) -> None:
    members = group["members"]
    match kind:
        case "GroupChanged":
            group |= {name: content[name] for name in ("state", "generation", "protocol", "leader")} | {"since": step}
            group["members"] = {name: members.get(name) or _member(step) for name in content["members"]}
        case "MemberJoined":
            members[content["member"]] = _member(step) | {
                "instance": content["instance"],
                "session": content.get("session_timeout_ms", 0),
                "poll": content.get("rebalance_timeout_ms", 0),
            }
        case "MemberRemoved":
            members.pop(content["member"], None)
            group["gone"] = [content["member"], content["reason"], step]
        case "AssignmentGiven":
            given = {"generation": content["generation"], "partitions": content["partitions"]}
            members[content["member"]] = (members.get(content["member"]) or _member(step)) | given
        case "CommitRefused":
            group["refused"] = index


def _commit(group: State, step: int, kind: str, content: State) -> None:
    """`pending`: inside a transaction that is not decided yet."""
    if kind == "OffsetCommitted":
        written = [content["offset"], content["member"], content["generation"], step]
        group["pending" if content["pending"] else "committed"][content["partition"]] = written
        if not content["pending"]:
            group["pending"].pop(content["partition"], None)
        return
    for name in content["partitions"]:
        group["pending"].pop(name, None)
        if content["reason"] != "aborted":
            group["committed"].pop(name, None)


def own(client: State, kind: str, content: State) -> None:
    """A member says what it may read now; what it read before in these partitions says nothing about the next place."""
    names = content["partitions"]
    kept = [name for name in client["owned"] if name not in names]
    client |= {"group": content["group"], "generation": content["generation"]}
    client["owned"] = sorted([*kept, *names]) if kind == "PartitionsAssigned" else kept
    client["positions"] = {name: at for name, at in client["positions"].items() if name not in names}
