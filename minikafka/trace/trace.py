"""Recording a run, and the recorded run.

A `Recorder` is handed raw events while a run goes on and does as little as it can. A `Trace` is what comes out: one
JSON document, described in `docs/trace-format.md`, complete enough that folding its facts rebuilds the state at every
step. It knows no drawing and no live object; simulation and server record the same one.

* A step is one event: a message arrives, a timer fires, a client calls, a fault strikes. Steps are numbered from 1.
* Every step names its parent, the step that caused it: *why?* is a walk along these links.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from minikafka.effects import Timer
from minikafka.protocol import facts
from minikafka.protocol.messages import Envelope
from minikafka.protocol.records import RecordBatch, end_marker, split_batches
from minikafka.trace import labels, story
from minikafka.types import Millis, NodeId, Offset, TopicPartition

SCHEMA = "minikafka-trace/1.1"
DELIVERED, LOST = 0, 1
PLAIN, TRANSACTIONAL, COMMIT, ABORT = range(4)
"""Kinds of batches."""


class TraceError(ValueError):
    """A file is no trace we can read; the message says why."""


class Step(NamedTuple):
    """One event as recorded."""

    at_ms: Millis
    kind: str
    node: NodeId
    parent: int
    what: Envelope | Timer | str | int
    """The message's index, the timer, or the name of the call or fault."""


@dataclass(slots=True)
class Sent:
    """A message on its way, as recorded."""

    envelope: Envelope
    sent: int
    ended: int = 0
    fate: int = DELIVERED


class Told(NamedTuple):
    """A fact, where and when it was stated."""

    step: int
    node: NodeId
    fact: facts.Fact


class Recorder:
    """Collects a run. Nothing here formats anything: that is for `trace()`, afterwards."""

    def __init__(self) -> None:
        self.nodes: dict[NodeId, tuple[str, str]] = {}
        """(role, about) by node, in order of appearance."""
        self.steps: list[Step] = []
        self.sent: list[Sent] = []
        self.told: list[Told] = []
        self.bookmarks: list[tuple[int, str, str]] = []
        self.forgotten_steps = 0
        self.forgotten_messages = 0
        self._metadata_told: tuple[Offset, int] = (0, 0)
        """Facts of metadata records below this offset have been told, the last of them in this step."""

    @property
    def step(self) -> int:
        """Number of the step that is happening, or was the last."""
        return self.forgotten_steps + len(self.steps)

    @property
    def messages(self) -> int:
        """How many messages there have been: the number of the next."""
        return self.forgotten_messages + len(self.sent)

    def is_news(self, metadata_offset: Offset) -> bool:
        """Is this the first controller to say what this record of the metadata log has changed?"""
        if metadata_offset >= self._metadata_told[0]:
            self._metadata_told = (metadata_offset + 1, self.step)
        return self._metadata_told[1] == self.step

    def messages_since(self, number: int) -> list[Sent]:
        """The messages from this number on."""
        return self.sent[number - self.forgotten_messages :]

    def forget(self) -> None:
        """Drop what is recorded and go on counting: for runs of which nobody will want the trace."""
        self.forgotten_steps, self.forgotten_messages = self.step, self.messages
        self.steps, self.sent, self.told = [], [], []

    def add_node(self, node: NodeId, about: str = "") -> None:
        """A node that will appear in this run; its role is the first word of its name."""
        self.nodes.setdefault(node, (node.partition("-")[0], about))

    def trace(self, about: Mapping[str, Any] | None = None) -> Trace:
        """The run so far. `about` holds scenario, title, moral, seed, settings."""
        assert not self.forgotten_steps, "the beginning of this run was forgotten: play it again for its trace"
        return Trace(_document(self, dict(about or {})))


class Trace:
    """A recorded run, as the JSON document that it is."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def to_json(self) -> dict[str, Any]:
        """The document, to be written with `json.dumps`."""
        return self.document

    @classmethod
    def from_json(cls, document: Any) -> Trace:
        """Read a document. Raises `TraceError` if it is none of ours, or too new."""
        schema = document.get("schema") if isinstance(document, dict) else None
        if not isinstance(schema, str) or not schema.startswith("minikafka-trace/"):
            raise TraceError("This is not a minikafka trace: it names no schema 'minikafka-trace/…'.")
        if schema.partition("/")[2].partition(".")[0] != "1":
            raise TraceError(f"This trace has schema {schema}, and we read {SCHEMA}: update minikafka to open it.")
        return cls(document)

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.document["steps"])

    def facts(self) -> Iterator[tuple[int, NodeId, str, dict[str, Any], str, int]]:
        """(step, node, kind, fields, sentence, weight), in order."""
        nodes = [node["id"] for node in self.document["nodes"]]
        for step, node, kind, content, said, loud in self.document["facts"]:
            yield step, nodes[node] if node >= 0 else "", kind, content, said, loud

    def story(self, lowest_weight: int = 1) -> list[tuple[int, str]]:
        """(step, sentence) of everything at least that loud."""
        return [(step, said) for step, _, _, _, said, loud in self.facts() if loud >= lowest_weight]

    def digest(self) -> str:
        """SHA-256 over the whole document: equal digests, equal bytes."""
        text = json.dumps(self.document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def scene(self, number: int) -> int:
        """Step of the bookmark with this number, from 1. Raises `TraceError` if there is none."""
        bookmarks = self.document["bookmarks"]
        if not 1 <= number <= len(bookmarks):
            raise TraceError(f"There is no scene {number}: this trace has {len(bookmarks)}.")
        return int(bookmarks[number - 1][0])


def _document(recorder: Recorder, about: dict[str, Any]) -> dict[str, Any]:
    index = {node: number for number, node in enumerate(recorder.nodes)}
    texts: dict[str, int] = {}
    eventful = {told.step for told in recorder.told}
    written_messages = [_message(sent, index, texts, eventful) for sent in recorder.sent]
    written_steps = []
    last_ms = 0
    for step in recorder.steps:
        ref = step.what if isinstance(step.what, int) else _index(texts, _name_of_event(step.what))
        written_steps.append([step.at_ms - last_ms, step.kind, index.get(step.node, -1), step.parent, ref])
        last_ms = step.at_ms
    return {
        "schema": SCHEMA,
        "scenario": about.get("scenario", ""),
        "title": about.get("title", ""),
        "moral": about.get("moral", ""),
        "seed": about.get("seed", 0),
        "settings": about.get("settings", {}),
        "partitions": sorted({str(part) for told in recorder.told if (part := _user_partition(told.fact))}),
        "nodes": [_node(node, role, note) for node, (role, note) in recorder.nodes.items()],
        "labels": list(texts),
        "steps": written_steps,
        "messages": written_messages,
        "facts": [_fact(told, index) for told in recorder.told],
        "bookmarks": [list(bookmark) for bookmark in recorder.bookmarks],
        "questions": about.get("questions", []),
        "branches": about.get("branches", []),
    }


def _node(node: NodeId, role: str, about: str) -> dict[str, str]:
    return {"id": node, "role": role} | ({"about": about} if about else {})


def _message(sent: Sent, index: dict[NodeId, int], texts: dict[str, int], eventful: set[int]) -> list[int]:
    text = labels.label_of(sent.envelope)
    if sent.ended not in eventful:
        text = f"~{text}"
    ends = (index[sent.envelope.source], index[sent.envelope.destination])
    return [*ends, sent.sent, sent.ended, _index(texts, text), sent.fate, sent.envelope.correlation_id]


def _name_of_event(what: Envelope | Timer | str | int) -> str:
    if isinstance(what, Timer):
        return f"~{what.name}" + (f" {what.key}" if what.key else "")
    return str(what)


def _index(texts: dict[str, int], text: str) -> int:
    return texts.setdefault(text, len(texts))


def _user_partition(fact: facts.Fact) -> TopicPartition | None:
    partition = getattr(fact, "partition", None)
    return partition if isinstance(partition, TopicPartition) and not partition.topic.startswith("__") else None


def _fact(told: Told, index: dict[NodeId, int]) -> list[Any]:
    return [told.step, index.get(told.node, -1), *as_told(told.node, told.fact)]


def as_told(node: NodeId, fact: facts.Fact) -> list[Any]:
    """A fact as the document holds it: kind, fields, sentence, weight."""
    content = plain_fields(fact)
    if isinstance(fact, facts.RecordsAppended):
        content |= _written(fact)
    return [type(fact).__name__, content, story.sentence(node, fact), story.weight(fact)]


def _written(fact: facts.RecordsAppended) -> dict[str, Any]:
    """What an append wrote: records and batches; of internal topics only the epoch."""
    batches = list(split_batches(fact.batches))
    if fact.partition.topic.startswith("__"):
        return {"records": [], "epoch": batches[-1].leader_epoch if batches else -1}
    records = [
        [record.offset, epoch, _plain(record.key), _plain(record.value)]
        for record, epoch in story.records_of(fact.batches)
    ]
    frames = frames_of(batches)
    return {"records": records} | ({"batches": frames} if frames else {})


def frames_of(batches: Sequence[RecordBatch]) -> list[list[int]]:
    """The batches that do not stand for themselves: numbered ones, and those of several records."""
    return [_frame(batch) for batch in batches if batch.producer_id >= 0 or batch.last_offset > batch.base_offset]


def _frame(batch: RecordBatch) -> list[int]:
    marker = end_marker(batch) if batch.is_control else None
    kind = int(batch.is_transactional) if marker is None else COMMIT if marker.commit else ABORT
    return [
        batch.base_offset, batch.last_offset, batch.producer_id, batch.producer_epoch, batch.base_sequence, kind,
    ]  # fmt: skip


def plain_fields(fact: facts.Fact) -> dict[str, Any]:
    """The fields of a fact as the document holds them; batches are told as records."""
    return {name: _plain(value) for name, value in fact._asdict().items() if name != "batches"}


def _plain(value: Any) -> Any:
    if isinstance(value, TopicPartition):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
