"""One step of a run as plain text, for terminals and print: replicas as rows, offsets as columns.

    orders-0, as the controller has written: broker 2 leads, epoch 1, ISR 2 3
                    0     1     2     3
    broker 1   ☆  | a/0 | b/0 # c/0 ! d/0 !  leads epoch 0 in its own eyes; not in ISR; fenced
    broker 2   ★  | a/0 | b/0 | e/1 #        leads epoch 1

A cell is value/epoch. `#` is the high watermark; a cell that ends in `!` will be cut off later in this run.

What we leave out: messages under way and clients' last words, except the sentence of the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minikafka.stage import reading
from minikafka.trace import fold
from minikafka.trace.trace import Trace

CELL_LIMIT = 8
"""Characters of a value that are shown."""

COLUMNS = 12
"""Offsets that fit beside a name in a terminal; the newest are kept."""


def text(
    trace: reading.HasJson | Mapping[str, Any],
    *,
    step: int | None = None,
    scene: int | None = None,
    partition: str | None = None,
) -> str:
    """The picture after `step` (or at a scene) and its sentences."""
    recorded = reading.trace_json(trace)
    at = reading.chosen_step(recorded, step, scene)
    state = fold.fold(Trace.from_json(recorded), at)
    name = partition or recorded["partitions"][0]
    lines = [f"{reading.title_of(recorded)}, step {at}", *told_at(recorded, at), "", written(state, name)]
    return "\n".join([*lines, *rows(recorded, state, name, at), *promises(state, name)]) + "\n"


def told_at(recorded: reading.Json, step: int) -> list[str]:
    """What is told of this step."""
    return [fact[4] for fact in recorded["facts"] if fact[0] == step and fact[5] > 0 and fact[4]]


def written(state: reading.Json, partition: str) -> str:
    """What the controller has written about the partition: the truth about who leads."""
    found = state["partitions"].get(partition)
    if found is None:
        return f"The controllers have written nothing about {partition} yet."
    leader = "nobody leads" if found["leader"] < 0 else f"broker {found['leader']} leads"
    elr = f", ELR {numbers(found['elr'])}" if found["elr"] else ""
    words = f"{leader}, epoch {found['leader_epoch']}, ISR {numbers(found['isr'])}{elr}"
    return f"{partition}, as the controller has written: {words}"


def numbers(ids: list[int]) -> str:
    """1 2 3, or the word for none."""
    return " ".join(map(str, ids)) or "empty"


def rows(recorded: reading.Json, state: reading.Json, partition: str, step: int) -> list[str]:
    """A line of offsets, then one line for each replica."""
    replicas = state["replicas"].get(partition, {})
    ends = [replica["cells"][-1][0] + 1 for replica in replicas.values() if replica["cells"]]
    end = max(ends, default=0)
    offsets = range(max(0, end - COLUMNS), end)
    wide = column_width(replicas, offsets)
    doomed = later_cut(recorded, partition, step)
    head = " " * 16 + "".join(f"{offset:<{wide}}" for offset in offsets)
    return [head.rstrip(), *(row(state, partition, node, offsets, wide, doomed) for node in replicas)]


def column_width(replicas: reading.Json, offsets: range) -> int:
    """Room for the widest cell in sight, and its end mark."""
    cells = [cell for replica in replicas.values() for cell in replica["cells"] if cell[0] in offsets]
    return max((len(cell_text(cell)) for cell in cells), default=3) + 3


def cell_text(cell: list[Any]) -> str:
    """Value and epoch: `tea/1`."""
    value = "null" if cell[3] is None else str(cell[3])
    return f"{value[:CELL_LIMIT]}/{cell[1]}"


def later_cut(recorded: reading.Json, partition: str, step: int) -> dict[str, int]:
    """{node: lowest offset that it will cut off in a later step}, before it appends anything there again."""
    found: dict[str, int] = {}
    for at, node, kind, fields, _, _ in recorded["facts"]:
        if at > step and kind in ("LogTruncated", "LogRecovered") and fields["partition"] == partition:
            name = recorded["nodes"][node]["id"]
            end = fields["to_offset"] if kind == "LogTruncated" else fields["log_end_offset"]
            found[name] = min(end, found.get(name, end))
    return found


def row(state: reading.Json, partition: str, node: str, offsets: range, wide: int, doomed: Mapping[str, int]) -> str:
    """One replica."""
    replica = state["replicas"][partition][node]
    cells = {cell[0]: cell_text(cell) for cell in replica["cells"]}
    drawn = []
    for offset in offsets:
        said = cells.get(offset, "")
        mark = "!" if said and offset >= doomed.get(node, offset + 1) else "|" if said else " "
        mark = "#" if said and offset + 1 == replica["high_watermark"] else mark
        drawn.append(f"{said:<{wide - 2}}{mark} ")
    mark, words = standing(state, partition, node)
    return f"{node.replace('-', ' '):<10} {mark}  | {''.join(drawn)} {words}".rstrip()


def standing(state: reading.Json, partition: str, node: str) -> tuple[str, str]:
    """A mark and the words for what a broker is: to the controller, and in its own eyes."""
    replica, seen = state["replicas"][partition][node], state["nodes"][node]
    if seen["state"] == "crashed":
        return "✕", "crashed"
    found = state["partitions"].get(partition)
    mark, words = own_role(replica, found)
    number = int(node.rpartition("-")[2])
    if found is not None and number not in found["isr"]:
        words += "; in ELR" if number in found["elr"] else "; not in ISR"
    if seen["fenced"]:
        words += "; fenced"
    return ("⏸", f"paused; {words}") if seen["state"] == "paused" else (mark, words)


def own_role(replica: reading.Json, found: reading.Json | None) -> tuple[str, str]:
    """The role a broker believes it has, and whether the controller agrees."""
    if replica["role"] == "leader":
        agreed = found is None or found["leader_epoch"] == replica["leader_epoch"]
        words = f"leads epoch {replica['leader_epoch']}"
        return ("★", words) if agreed else ("☆", f"{words} in its own eyes")
    if replica["role"] == "follower":
        return "○", f"follows broker {replica['leader']}" if replica["leader"] >= 0 else "follows nobody"
    return "·", "no role yet"


def promises(state: reading.Json, partition: str) -> list[str]:
    """Each record that somebody was told is stored, and where it is now."""
    lines = []
    replicas = state["replicas"].get(partition, {})
    for told in state["told"].get(partition, []):
        holders = [node.rpartition("-")[2] for node in replicas if holds(replicas[node], told)]
        where = f"on {' '.join(holders)}" if holders else "NOWHERE"
        lines.append(f"{told['client']} was told that {told['value']} is stored: it is {where}")
    return ["", *lines[-COLUMNS:]] if lines else []


def holds(replica: reading.Json, told: reading.Json) -> bool:
    """True when this very record, of this epoch, is in this log."""
    epochs = [cell[1] for cell in replica["cells"] if cell[0] == told["offset"] and cell[3] == told["value"]]
    return bool(epochs) and (told["leader_epoch"] < 0 or told["leader_epoch"] in epochs)
