"""What facts about transactions do to the picture. Which are open in a log is read from its batches."""

from __future__ import annotations

from typing import Any

State = dict[str, Any]
KINDS = {"ProducerIdGranted", "TransactionChanged", "TransactionRefused"}
"""Those that a coordinator states."""


def apply(state: State, step: int, node: str, kind: str, content: State, index: int) -> None:
    """Let one fact of a coordinator change the state."""
    name = content["transactional_id"]
    if not name:
        return  # idempotent only: nobody keeps a state of it
    known = state["transactions"].setdefault(name, _unknown())
    if kind == "TransactionRefused":
        known["refused"] = index
        return
    known |= {"coordinator": node, "producer_id": content["producer_id"], "producer_epoch": content["producer_epoch"]}
    if kind == "TransactionChanged":
        known |= {"state": content["state"], "partitions": content["partitions"], "since": step}


def _unknown() -> State:
    return {
        "coordinator": "", "state": "", "producer_id": -1, "producer_epoch": -1, "partitions": [], "since": 0,
        "refused": -1,
    }  # fmt: skip


def pursue(client: State, kind: str, content: State) -> None:
    """What a producer thinks of its own transaction: [transactional id, word]."""
    match kind:
        case "TransactionBegun":
            word = "open"
        case "TransactionEnding":
            word = "asked to commit" if content["commit"] else "asked to abort"
        case "TransactionEnded":
            word = "committed" if content["committed"] else "aborted"
        case "ProducerFailed":
            word = "can do nothing more" if content["fatal"] else "must abort"
        case _:
            return
    client["transaction"] = [content["transactional_id"], word]
