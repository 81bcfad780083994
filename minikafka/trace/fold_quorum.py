"""What facts about the quorum do to the picture of one controller."""

from __future__ import annotations

from typing import Any

State = dict[str, Any]
METADATA_LOG = "__cluster_metadata-0"


def beginning() -> State:
    """A controller of which nothing is known; `quorum_epoch` is the last one in which it led, 0 for none."""
    return {
        "quorum_epoch": 0, "state": "", "epoch": 0, "leader": -1, "vote": None, "progress": {}, "end": 0,
        "high_watermark": 0, "epochs": [], "snapshot": 0,
    }  # fmt: skip


def apply(controller: State, kind: str, content: State) -> None:
    """Let one fact that this controller states change its picture."""
    match kind:
        case "QuorumStateChanged":
            progress = controller["progress"] if content["state"] == "leader" == controller["state"] else {}
            controller |= {"progress": progress} | {name: content[name] for name in ("state", "epoch", "leader")}
        case "VoteAnswered":
            controller["vote"] = [content["candidate"], content["epoch"], content["granted"], content["pre_vote"]]
        case "VoterProgress":
            controller["progress"][str(content["voter"])] = content["log_end_offset"]
        case "SnapshotTaken" | "SnapshotLoaded":
            controller["snapshot"] = content["end_offset"]
            controller["end"] = max(controller["end"], content["end_offset"])
        case _ if content.get("partition") == METADATA_LOG:
            _write(controller, kind, content)


def _write(controller: State, kind: str, content: State) -> None:
    match kind:
        case "RecordsAppended":
            epochs = controller["epochs"]
            controller["end"] = content["next_offset"]
            epoch = content.get("epoch", 0)
            if not epochs or epochs[-1][1] != epoch:
                epochs.append([content["base_offset"], epoch])
        case "LogTruncated" | "LogRecovered":
            end = content["to_offset"] if kind == "LogTruncated" else content["log_end_offset"]
            controller["end"] = end
            controller["epochs"] = [one for one in controller["epochs"] if one[0] < end]
            controller["high_watermark"] = min(controller["high_watermark"], end)
        case "HighWatermarkMoved":
            controller["high_watermark"] = content["high_watermark"]
