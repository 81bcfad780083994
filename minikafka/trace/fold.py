"""The state of everything at a step, rebuilt from facts alone.

The player in the page does the same in JavaScript; a test holds the two together at every step, and another holds
this one to the real nodes. What a fact does to the picture is listed in `docs/trace-format.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minikafka.trace.trace import Trace

State = dict[str, Any]
METADATA_LOG = "__cluster_metadata-0"


def fold(trace: Trace, step: int | None = None) -> State:
    """The state right after `step`, or at the end."""
    state = beginning(trace)
    for at, node, kind, content, _, _ in trace.facts():
        if step is not None and at > step:
            break
        apply(state, at, node, kind, content, state["facts"])
        state["facts"] += 1
    del state["facts"]
    return state


def states(trace: Trace) -> Iterator[tuple[int, State]]:
    """(step, state) after every step that states something. The state is one object that goes on changing."""
    state = beginning(trace)
    pending = 0
    for at, node, kind, content, _, _ in trace.facts():
        if pending and at != pending:
            yield pending, state
        apply(state, at, node, kind, content, state["facts"])
        state["facts"] += 1
        pending = at
    if pending:
        yield pending, state


def beginning(trace: Trace) -> State:
    """Before the first step."""
    nodes = trace.document["nodes"]
    brokers = [node["id"] for node in nodes if node["role"] == "broker"]
    clients = [node["id"] for node in nodes if node["role"] not in ("broker", "controller")]
    partitions = trace.document["partitions"]
    return {
        "facts": 0,
        "nodes": {
            node["id"]: {"state": "up", "fenced": None, "metadata": -1}
            for node in nodes
            if node["role"] in ("broker", "controller")
        },
        "partitions": {},
        "replicas": {name: {broker: _replica() for broker in brokers} for name in partitions},
        "clients": {client: {"last": -1, "leaders": {}, "positions": {}} for client in clients},
        "told": {name: [] for name in partitions},
        "cuts": [],
        "controllers": {node["id"]: {"quorum_epoch": 0} for node in nodes if node["role"] == "controller"},
        "alarms": [],
    }


def _replica() -> State:
    return {
        "cells": [], "high_watermark": 0, "log_start": 0, "role": "none", "leader_epoch": -1, "leader": -1,
        "isr": [], "proposed": None, "epoch_start": -1, "progress": {}, "parked": [],
    }  # fmt: skip


def apply(state: State, step: int, node: str, kind: str, content: State, index: int) -> None:
    """Let one fact change the state. `index` is its place in the trace's list of facts."""
    if kind in _OF_THE_WORLD:
        _apply_world(state, kind, content, index)
    elif node in state["clients"]:
        _apply_client(state, step, node, kind, content, index)
    elif kind in _OF_THE_CONTROLLER:
        _apply_controller(state, step, node, kind, content)
    elif kind == "MetadataReplayed":
        state["nodes"][node]["metadata"] = content["next_offset"]
    elif node in state["replicas"].get(content.get("partition"), ()):
        _apply_replica(state["replicas"][content["partition"]][node], kind, content)


_OF_THE_WORLD = {
    "NodeStarted", "NodeCrashed", "NodeRestarted", "NodePaused", "NodeResumed", "LinkCut", "LinkHealed",
    "PromiseBroken", "LossBeyondPromise",
}  # fmt: skip
_OF_THE_CONTROLLER = {
    "QuorumLeaderElected", "BrokerRegistered", "BrokerFenced", "BrokerReleased", "BrokerUnfenced", "PartitionChanged",
}  # fmt: skip
_STANDING = {
    "NodeStarted": "up", "NodeRestarted": "up", "NodeResumed": "up", "NodePaused": "paused", "NodeCrashed": "crashed",
}  # fmt: skip


def _apply_world(state: State, kind: str, content: State, index: int) -> None:
    if kind in _STANDING:
        node = content["node"]
        if node in state["nodes"]:
            state["nodes"][node]["state"] = _STANDING[kind]
            if kind == "NodeCrashed":
                _forget_process(state, node)
    elif kind == "LinkCut":
        state["cuts"].append([content["one"], content["other"]])
    elif kind == "LinkHealed":
        pair = [content["one"], content["other"]]
        state["cuts"] = [cut for cut in state["cuts"] if cut != pair]
    else:
        state["alarms"].append(index)


def _forget_process(state: State, node: str) -> None:
    for replicas in state["replicas"].values():
        kept = {name: replicas[node][name] for name in ("cells", "high_watermark", "log_start")}
        replicas[node] = _replica() | kept


def _apply_controller(state: State, step: int, node: str, kind: str, content: State) -> None:
    if kind == "QuorumLeaderElected":
        state["controllers"][node]["quorum_epoch"] = content["epoch"]
    elif kind == "PartitionChanged":
        _change_partition(state, step, content)
    else:
        state["nodes"][f"broker-{content['broker']}"]["fenced"] = kind != "BrokerUnfenced"


def _change_partition(state: State, step: int, content: State) -> None:
    name = content["partition"]
    old = state["partitions"].get(name)
    same = old is not None and (old["leader"], old["leader_epoch"]) == (content["leader"], content["leader_epoch"])
    taken = ("leader", "leader_epoch", "isr", "elr", "last_known_leader", "partition_epoch", "recovering")
    state["partitions"][name] = {field: content[field] for field in taken} | {
        "metadata_offset": content["metadata_offset"],
        "since": old["since"] if old is not None and same else step,
    }


def _apply_replica(replica: State, kind: str, content: State) -> None:
    match kind:
        case "RecordsAppended":
            replica["cells"] += content["records"]
        case "LogTruncated":
            replica["cells"] = [cell for cell in replica["cells"] if cell[0] < content["to_offset"]]
            replica["high_watermark"] = min(replica["high_watermark"], content["to_offset"])
        case "HighWatermarkMoved":
            replica["high_watermark"] = content["high_watermark"]
        case "LogRecovered":
            replica["cells"] = [cell for cell in replica["cells"] if cell[0] < content["log_end_offset"]]
            replica["high_watermark"] = content["high_watermark"]
            replica["log_start"] = content["log_start_offset"]
        case "BecameLeader":
            replica |= {
                "role": "leader", "leader_epoch": content["leader_epoch"], "leader": -1, "isr": content["isr"],
                "proposed": None, "epoch_start": content["start_offset"], "progress": {},
            }  # fmt: skip
        case "BecameFollower":
            replica |= {
                "role": "follower", "leader_epoch": content["leader_epoch"], "leader": content["leader"], "isr": [],
                "proposed": None, "epoch_start": -1, "progress": {}, "parked": [],
            }  # fmt: skip
        case "IsrProposed":
            replica["proposed"] = content["isr"]
        case "IsrProposalRefused":
            replica["proposed"] = None
        case "IsrAdopted":
            replica |= {"isr": content["isr"], "proposed": None}
        case "FollowerProgress":
            replica["progress"][str(content["follower"])] = content["log_end_offset"]
        case "ProduceParked":
            replica["parked"].append(
                {
                    "client": content["client"],
                    "needs": content["needs_offset"],
                    "correlation": content["correlation_id"],
                }
            )
        case "ProduceAnswered":
            answered = (content["client"], content["correlation_id"])
            replica["parked"] = [one for one in replica["parked"] if (one["client"], one["correlation"]) != answered]


def _apply_client(state: State, step: int, node: str, kind: str, content: State, index: int) -> None:
    client = state["clients"][node]
    if kind != "LeaderLearned":
        client["last"] = index
    if kind == "LeaderLearned":
        client["leaders"][content["partition"]] = [content["leader"], content["leader_epoch"]]
    elif kind == "RecordsConsumed":
        client["positions"][content["partition"]] = content["position"]
    elif kind == "ProduceAcknowledged" and content["base_offset"] >= 0:
        _note_told(state, step, node, content)


def _note_told(state: State, step: int, node: str, content: State) -> None:
    name, broker = content["partition"], content["broker"]
    cells = state["replicas"][name][f"broker-{broker}"]["cells"]
    for delta, value in enumerate(content["values"]):
        offset = content["base_offset"] + delta
        epoch = next((cell[1] for cell in cells if cell[0] == offset), -1)
        state["told"][name].append(
            {"offset": offset, "value": value, "acks": content["acks"], "client": node, "broker": broker,
             "leader_epoch": epoch, "step": step}
        )  # fmt: skip
