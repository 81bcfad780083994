"""How far behind, how fast, how long, how many in sync: the numbers of a run over time.

A series is a list of (milliseconds, value). It holds until its next point, but for latency, where each point is one
record's. The player draws the same series on a page (`player/view_charts.mjs`); a test holds the two together.

    lag in records             for each replica: how many records the leader has that it has not
    in-sync replicas           as the controller has written them
    records stored per second  as producers were told
    latency in ms              from the first `ProduceSent` of these values to their `ProduceAcknowledged`
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any, TypeAlias

from minikafka.stage import reading

Series: TypeAlias = list[tuple[int, int]]
ENDS = {"RecordsAppended": "next_offset", "LogTruncated": "to_offset", "LogRecovered": "log_end_offset"}
"""Where a log ends after a fact of this kind, by the field that says it."""

SECOND_MS = 1000


def series(
    trace: reading.HasJson | Mapping[str, Any], partition: str | None = None
) -> dict[str, dict[str, Series]]:
    """{what: {line: series}} of one partition, the first when none is named."""
    recorded = reading.trace_json(trace)
    name = partition or next(iter(recorded["partitions"]), "")
    times = [0, *accumulate(step[0] for step in recorded["steps"])]
    facts = [
        (times[step], recorded["nodes"][node]["id"] if node >= 0 else "", kind, fields)
        for step, node, kind, fields, _, _ in recorded["facts"]
        if fields.get("partition") == name
    ]
    brokers = [node["id"] for node in recorded["nodes"] if node["role"] == "broker"]
    return {
        "lag in records": lag(facts, brokers),
        "in-sync replicas": {"isr": [(ms, len(f["isr"])) for ms, _, kind, f in facts if kind == "PartitionChanged"]},
        "records stored per second": {"stored": stored(facts)},
        "latency in ms": {"latency": latency(facts)},
    }


def lag(facts: list[Any], brokers: list[str]) -> dict[str, Series]:
    """For each replica the records that the written leader has and it has not."""
    found: dict[str, Series] = {}
    ends: dict[str, int] = {}
    leader = ""
    for ms, node, kind, fields in facts:
        if kind in ENDS:
            ends[node] = fields[ENDS[kind]]
        elif kind == "PartitionChanged":
            leader = f"broker-{fields['leader']}"
        else:
            continue
        for broker in brokers:
            missing = 0 if broker == leader else max(0, ends.get(leader, 0) - ends.get(broker, 0))
            found.setdefault(broker, []).append((ms, missing))
    return found


def stored(facts: list[Any]) -> Series:
    """Records that producers were told are stored, second by second."""
    counts: dict[int, int] = {}
    for ms, _, kind, fields in facts:
        if kind == "ProduceAcknowledged":
            second = ms - ms % SECOND_MS
            counts[second] = counts.get(second, 0) + len(fields["values"])
    points: Series = []
    for second, count in counts.items():
        if points and points[-1][0] + SECOND_MS < second:
            points.append((points[-1][0] + SECOND_MS, 0))
        points.append((second, count))
    return [*points, (points[-1][0] + SECOND_MS, 0)] if points else []


def latency(facts: list[Any]) -> Series:
    """How long producers waited for the word *stored*, retries included."""
    sent: dict[tuple[str, str], int] = {}
    points: Series = []
    for ms, node, kind, fields in facts:
        if kind == "ProduceSent":
            sent.setdefault((node, str(fields["values"])), ms)
        elif kind == "ProduceAcknowledged" and (node, str(fields["values"])) in sent:
            points.append((ms, ms - sent.pop((node, str(fields["values"])))))
    return points
