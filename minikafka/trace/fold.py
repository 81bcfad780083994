"""The state of everything at a step, rebuilt from facts alone.

One family of facts, one file, as with the sentences: `fold_replicas`, `fold_groups`, `fold_transactions`,
`fold_quorum`; what is left, nodes, clients and what controllers write about partitions, is here.

The player in the page does the same in JavaScript; a test holds the two together at every step, and another holds
this one to the real nodes. What a fact does to the picture is listed in `docs/trace-format.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from minikafka.trace import fold_groups, fold_quorum, fold_replicas, fold_transactions
from minikafka.trace.trace import Trace

State = dict[str, Any]


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
    empty = {
        "facts": 0,
        "nodes": {
            node["id"]: {"state": "up", "fenced": None, "metadata": -1, "disk": ""}
            for node in nodes
            if node["role"] in ("broker", "controller")
        },
        "partitions": {},
        "replicas": {name: {broker: fold_replicas.beginning() for broker in brokers} for name in partitions},
        "clients": {client: _client() for client in clients},
        "told": {name: [] for name in partitions},
        "cuts": [],
        "slow": {},
        "controllers": {node["id"]: fold_quorum.beginning() for node in nodes if node["role"] == "controller"},
        "coordinators": {},
        "groups": {},
        "transactions": {},
        "alarms": [],
    }
    return _begun(empty, trace.document["start"]["state"]) if "start" in trace.document else empty


def _begun(empty: State, start: State) -> State:
    """The state from which a trace begins whose past was folded; who came later has the place that `empty` gives."""
    found = empty | deepcopy(start)
    for part in ("nodes", "replicas", "clients", "controllers", "told"):
        found[part] = empty[part] | found[part]
    return found


def _client() -> State:
    return {
        "state": "up", "last": -1, "leaders": {}, "positions": {},
        "group": "", "generation": -1, "owned": [], "transaction": None,
    }  # fmt: skip


def apply(state: State, step: int, node: str, kind: str, content: State, index: int) -> None:
    """Let one fact change the state. `index` is its place in the trace's list of facts."""
    if kind in _OF_THE_WORLD:
        _apply_world(state, kind, content, index)
    elif node in state["clients"]:
        _apply_client(state, step, node, kind, content, index)
    elif kind in _OF_THE_CONTROLLER:
        _apply_controller(state, step, node, kind, content)
    elif kind in fold_groups.KINDS:
        fold_groups.apply(state, step, node, kind, content, index)
    elif kind in fold_transactions.KINDS:
        fold_transactions.apply(state, step, node, kind, content, index)
    elif node in state["controllers"]:
        fold_quorum.apply(state["controllers"][node], kind, content)
    elif kind == "MetadataReplayed":
        state["nodes"][node]["metadata"] = content["next_offset"]
    elif node in state["replicas"].get(content.get("partition"), ()):
        replicas = state["replicas"][content["partition"]]
        replicas[node] = fold_replicas.after(replicas[node], step, kind, content)
        _forgive(state["told"], kind, content)


_STANDING = {
    "NodeStarted": "up", "NodeRestarted": "up", "NodeResumed": "up", "NodePaused": "paused", "NodeCrashed": "crashed",
}  # fmt: skip
_OF_THE_WORLD = {
    *_STANDING, "LinkCut", "LinkHealed", "LinkSlowed", "DiskFilled", "DiskSlowed", "DiskLies", "PromiseBroken",
    "LossBeyondPromise",
}  # fmt: skip
_OF_THE_CONTROLLER = {
    "QuorumLeaderElected", "BrokerRegistered", "BrokerFenced", "BrokerReleased", "BrokerUnfenced", "PartitionChanged",
}  # fmt: skip


def _apply_world(state: State, kind: str, content: State, index: int) -> None:
    if kind in _STANDING:
        _stand(state, content["node"], kind)
    elif kind == "LinkCut":
        state["cuts"].append([content["one"], content["other"]])
    elif kind == "LinkHealed":
        pair = [content["one"], content["other"]]
        state["cuts"] = [cut for cut in state["cuts"] if cut != pair]
    elif kind == "LinkSlowed":
        state["slow"][f"{content['one']}|{content['other']}"] = content["extra_ms"]
    elif kind.startswith("Disk"):
        _note_disk(state, kind, content)
    else:
        state["alarms"].append(index)


def _stand(state: State, node: str, kind: str) -> None:
    known = state["nodes"].get(node) or state["clients"].get(node)
    if known is None:
        return
    known["state"] = _STANDING[kind]
    if kind == "NodeCrashed":
        _forget_process(state, node)


def _forget_process(state: State, node: str) -> None:
    for replicas in state["replicas"].values():
        if node in replicas:
            replicas[node] = fold_replicas.after_crash(replicas[node])
    if node in state["controllers"]:
        state["controllers"][node] |= {"state": "", "leader": -1, "progress": {}}
    if node in state["clients"]:
        state["clients"][node] |= {"owned": [], "positions": {}}


def _note_disk(state: State, kind: str, content: State) -> None:
    match kind:
        case "DiskFilled":
            word = "full" if content["full"] else ""
        case "DiskSlowed":
            word = f"{content['write_ms']} ms a write" if content["write_ms"] else ""
        case _:
            word = "lies about flushes" if content["lying"] else ""
    if content["node"] in state["nodes"]:
        state["nodes"][content["node"]]["disk"] = word


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


def _apply_client(state: State, step: int, node: str, kind: str, content: State, index: int) -> None:
    client = state["clients"][node]
    if kind == "LeaderLearned":
        client["leaders"][content["partition"]] = [content["leader"], content["leader_epoch"]]
        return
    client["last"] = index
    if kind == "RecordsConsumed":
        client["positions"][content["partition"]] = content["position"]
    elif kind == "ProduceAcknowledged" and content["base_offset"] >= 0:
        _note_told(state, step, node, content)
    elif kind.startswith("Partitions"):
        fold_groups.own(client, kind, content)
    elif "transactional_id" in content:
        fold_transactions.pursue(client, kind, content)


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


def _forgive(told: State, kind: str, content: State) -> None:
    """What retention, compaction or DeleteRecords takes away was not promised for ever: nobody has to look for it."""
    name = content["partition"]
    if kind == "LogStartMoved":
        told[name] = [each for each in told[name] if each["offset"] >= content["log_start_offset"]]
    elif kind == "LogCompacted":
        told[name] = [each for each in told[name] if each["offset"] not in content["removed"]]
