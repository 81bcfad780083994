"""What facts about a log do to the picture of one replica.

    cells     [offset, epoch, key, value], as far as a consumer would see records
    batches   [base, last, producer id, producer epoch, sequence, kind]: numbered, longer than one record, or a marker
    behind    the followers that lack something, each with the step since when it does (what a leader knows)

A batch of one record and no number stands for itself: it is a cell and no batch.
"""

from __future__ import annotations

from typing import Any

Replica = dict[str, Any]


def beginning() -> Replica:
    """An empty log without a role."""
    return {
        "cells": [], "batches": [], "log_start": 0, "end": 0, "high_watermark": 0, "stable": -1, "durable": 0,
        "segments": [], "role": "none", "leader_epoch": -1, "leader": -1, "isr": [], "proposed": None,
        "epoch_start": -1, "progress": {}, "behind": {}, "seen": {}, "parked": [],
    }  # fmt: skip


_ON_DISK = ("cells", "batches", "log_start", "end", "high_watermark", "stable", "durable", "segments")


def after_crash(replica: Replica) -> Replica:
    """The process is gone: the log stays as it was drawn until it is recovered."""
    return beginning() | {name: replica[name] for name in _ON_DISK}


def after(replica: Replica, step: int, kind: str, content: Replica) -> Replica:
    """The replica after one fact."""
    if kind in ("BecameLeader", "BecameFollower"):
        _take_role(replica, kind, content)
    elif kind in ("FollowerProgress", "IsrProposed", "IsrProposalRefused", "IsrAdopted"):
        _count(replica, step, kind, content)
    elif kind in ("ProduceParked", "ProduceAnswered"):
        _park(replica, kind, content)
    elif kind == "ReplicaDeleted":
        return beginning()
    else:
        _write(replica, step, kind, content)
    return replica


def _write(replica: Replica, step: int, kind: str, content: Replica) -> None:
    match kind:
        case "RecordsAppended":
            _append(replica, step, content)
        case "LogTruncated":
            _cut(replica, content["to_offset"])
        case "LogRecovered":
            _cut(replica, content["log_end_offset"])
            replica |= {"high_watermark": content["high_watermark"], "stable": -1}
            _start_at(replica, content["log_start_offset"])
        case "LogStartMoved":
            _start_at(replica, content["log_start_offset"])
        case "LogCompacted":
            replica["cells"] = [cell for cell in replica["cells"] if cell[0] not in content["removed"]]
        case "HighWatermarkMoved":
            replica["high_watermark"] = content["high_watermark"]
        case "LastStableOffsetMoved":
            stable = content["last_stable_offset"]
            replica["stable"] = stable if stable < replica["high_watermark"] else -1
        case "SegmentRolled":  # a segment is flushed when it is closed
            replica["segments"] = [*replica["segments"], content["base_offset"]]
            replica["durable"] = max(replica["durable"], content["base_offset"])
        case "LogFlushed":
            replica["durable"] = content["durable_end"]


def _append(replica: Replica, step: int, content: Replica) -> None:
    for follower, end in replica["progress"].items():
        if end >= replica["end"]:
            replica["behind"].setdefault(follower, step)
    replica["cells"] += content["records"]
    replica["batches"] += content.get("batches", [])
    replica["end"] = content["next_offset"]


def _cut(replica: Replica, end: int) -> None:
    replica["cells"] = [cell for cell in replica["cells"] if cell[0] < end]
    replica["batches"] = [batch for batch in replica["batches"] if batch[1] < end]
    replica["segments"] = [base for base in replica["segments"] if base <= end]
    replica["end"] = end
    for mark in ("high_watermark", "stable", "durable"):
        replica[mark] = min(replica[mark], end)


def _start_at(replica: Replica, start: int) -> None:
    replica["log_start"] = start
    replica["end"] = max(replica["end"], start)
    replica["cells"] = [cell for cell in replica["cells"] if cell[0] >= start]
    replica["batches"] = [batch for batch in replica["batches"] if batch[1] >= start]
    replica["segments"] = [base for base in replica["segments"] if base > start]


def _take_role(replica: Replica, kind: str, content: Replica) -> None:
    leads = kind == "BecameLeader"
    replica |= {
        "role": "leader" if leads else "follower", "leader_epoch": content["leader_epoch"],
        "leader": -1 if leads else content["leader"], "isr": content["isr"] if leads else [], "proposed": None,
        "epoch_start": content["start_offset"] if leads else -1, "progress": {}, "behind": {}, "seen": {},
    }  # fmt: skip
    if not leads:
        replica["parked"] = []


def _count(replica: Replica, step: int, kind: str, content: Replica) -> None:
    """What a leader knows of its followers, and whom it counts."""
    match kind:
        case "IsrProposed":
            replica["proposed"] = content["isr"]
        case "IsrProposalRefused":
            replica["proposed"] = None
        case "IsrAdopted":
            replica |= {"isr": content["isr"], "proposed": None}
        case _:
            _note_progress(replica, step, str(content["follower"]), content["log_end_offset"])


def _note_progress(replica: Replica, step: int, follower: str, end: int) -> None:
    """As `record_follower_fetch` does: who holds what the leader held a fetch ago was caught up then."""
    since, leader_end = replica["seen"].get(follower, (step, -1))
    if end >= replica["end"]:
        replica["behind"].pop(follower, None)
    elif leader_end >= 0 and end >= leader_end:
        replica["behind"][follower] = since
    else:
        replica["behind"].setdefault(follower, step)
    replica["progress"][follower] = end
    replica["seen"][follower] = [step, replica["end"]]


def _park(replica: Replica, kind: str, content: Replica) -> None:
    waiting = {"client": content["client"], "correlation": content["correlation_id"]}
    if kind == "ProduceParked":
        replica["parked"].append(waiting | {"needs": content["needs_offset"]})
    else:
        replica["parked"] = [one for one in replica["parked"] if one != waiting | {"needs": one["needs"]}]
