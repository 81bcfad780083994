"""What every way of showing a run needs from a trace: its JSON, its story in words, and the step that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

Json: TypeAlias = dict[str, Any]

KNOWN_MAJOR = 1


class HasJson(Protocol):
    """A `Trace`, or whatever else can say itself as docs/trace-format.md describes."""

    def to_json(self) -> Json:
        """The whole run as JSON values."""
        ...


def trace_json(trace: HasJson | Mapping[str, Any]) -> Json:
    """The trace as JSON values; ValueError with one sentence when it cannot be shown."""
    found = dict(trace) if isinstance(trace, Mapping) else trace.to_json()
    name, _, version = str(found.get("schema", "")).partition("/")
    if name != "minikafka-trace":
        raise ValueError("This is not a recorded run of minikafka: it names no schema `minikafka-trace/…`.")
    if int(version.split(".")[0]) > KNOWN_MAJOR:
        raise ValueError(f"This run was recorded by a newer minikafka (schema {name}/{version}); update minikafka.")
    return found


def chosen_step(trace: Json, step: int | None, scene: int | None) -> int:
    """The step to open at; 1 when nothing is asked for. ValueError names what there is."""
    last = len(trace["steps"])
    if step is not None:
        if not 1 <= step <= last:
            raise ValueError(f"There is no step {step}: this run has steps 1 to {last}.")
        return step
    if scene is None:
        return 1
    bookmarks = trace.get("bookmarks", [])
    if not 1 <= scene <= len(bookmarks):
        raise ValueError(f"There is no scene {scene}: this run has {len(bookmarks)} scenes.")
    return int(bookmarks[scene - 1][0])


def common_steps(one: Json, other: Json) -> int:
    """The last step up to which both runs are the same, step by step and fact by fact; 0 when they start apart."""
    steps = zip(one["steps"], other["steps"], strict=False)
    shorter = min(len(one["steps"]), len(other["steps"]))
    last = next((i for i, (left, right) in enumerate(steps) if left[:3] != right[:3]), shorter)
    for left, right in zip(one["facts"], other["facts"], strict=False):
        if left != right:
            return min(last, int(left[0]) - 1, int(right[0]) - 1)
    return last


def beside(one: Json, other: Json, name: str) -> Json:
    """The first run with the second as another future of it."""
    future = {"at": common_steps(one, other), "name": name, "trace": {**other, "branches": []}}
    return {**one, "branches": [*one.get("branches", []), future]}


def story(trace: Json) -> list[str]:
    """The run in words: one line for each fact that is told, scenes as headings between them."""
    lines: list[str] = []
    scenes = list(enumerate(trace.get("bookmarks", []), start=1))
    for step, _node, _kind, _fields, sentence, weight in trace["facts"]:
        if weight < 1 or not sentence:
            continue
        while scenes and scenes[0][1][0] <= step:
            number, bookmark = scenes.pop(0)
            lines.append(f"Scene {number}: {bookmark[1]}")
        lines.append(f"{step:>5}  {sentence}")
    return lines


def title_of(trace: Json) -> str:
    """What the run is called."""
    return str(trace.get("title") or trace.get("scenario") or "A run")
