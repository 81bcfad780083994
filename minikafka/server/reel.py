"""The run of a living cluster, as the trace that the player shows: the entries of all processes in causal order.

    broker-1's tape ─┐                      ┌─ whole: the trace so far          for a page that has just come
    broker-2's tape ─┼─▶ Reel ─▶ one trace ─┤
    controller's    ─┘                      └─ more: what was added since       for one that looks on

- **Order.** Entries carry the monotonic clock, which all processes of a machine share, so what is sent is stamped
  before what is received. An entry waits until every process that lives has told all that it did up to then.
- **Length.** After 20,000 steps the older half is folded into one state, `start`, from which the player begins. Steps
  keep their numbers.
- A message is on its way from the step that sent it until the word that it has arrived; it is lost with its connection.

What we leave out: processes on several machines, whose clocks nobody could compare.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minikafka.server.tape import Entry, Message
from minikafka.trace import fold
from minikafka.trace.trace import DELIVERED, LOST, Trace
from minikafka.types import NO_OFFSET, NodeId

SCHEMA = "minikafka-trace/1.2"
LONGEST = 20_000
"""Steps that are kept whole."""
NANOS = 1_000_000
"""In a millisecond."""
PATIENCE_NS = 1_000 * NANOS
"""For so long a process that says nothing is waited for; it may be standing still."""
SENT, ENDED, LABEL, FATE = 2, 3, 4, 5
"""Places in a message of the document."""


class Reel:
    """One for a cluster."""

    def __init__(self, nodes: Sequence[NodeId], title: str, settings: Mapping[str, Any]) -> None:
        self.title = title
        self.settings = {name: str(value) for name, value in settings.items()}
        self.nodes: list[NodeId] = list(nodes)
        self.labels: list[str] = []
        self._places: dict[str, int] = {}
        self.partitions: list[str] = []
        self.steps: list[list[Any]] = []
        self.messages: list[list[Any]] = []
        self.facts: list[list[Any]] = []
        self.ended: list[int] = []
        """Messages that have ended after they were first told, in that order."""
        self.start: dict[str, Any] | None = None
        """What stood after the steps that are forgotten: step, ms, state."""
        self.generation = 0
        """Grows when the older half is forgotten: who looks on begins again."""
        self._began = time.monotonic_ns()
        self._last_ms = 0
        self._under_way: dict[Message, int] = {}
        self._numbers: dict[tuple[str, int], int] = {}
        """The step that an entry has become, by process and the process's own number."""
        self._waiting: list[tuple[int, int, str, Entry]] = []
        self._heard: dict[str, int] = {}
        """By process: up to when it has told all."""
        self._arrivals = 0
        self._next_record = 0

    @property
    def forgotten(self) -> int:
        """Steps that are folded into `start`."""
        return 0 if self.start is None else int(self.start["step"])

    @property
    def step(self) -> int:
        """Number of the last step."""
        return self.forgotten + len(self.steps)

    # --- what comes in ---

    def add(self, process: str, entry: Entry) -> None:
        """An entry whose place is after all others."""
        told = self._news(entry.get("told", ()))
        came = tuple(entry["came"]) if entry["came"] else None
        if not told:
            self._arrived_quietly(came)
            if "lost" in entry:
                one, other = entry["lost"]
                self._lose(lambda ends: set(ends) == {one, other}, self.step)
            if "id" in entry:
                self._numbers[process, entry["id"]] = self._numbers.get((process, entry["from"]), 0)
            return
        number = self.step + 1
        ref, parent = -1, self._numbers.get((process, entry["from"]), 0)
        if came is not None:
            ref = self._arrived(came, entry["label"], number)
            parent = self.messages[ref][SENT] if parent == 0 else parent
        else:
            ref = self._label(entry["label"])
        at_ms = max(self._last_ms, (entry["at"] - self._began) // NANOS)
        self.steps.append([at_ms - self._last_ms, entry["kind"], self._node(entry["node"]), parent, ref])
        self._last_ms = at_ms
        self._numbers[process, entry["id"]] = number
        for node, kind, content, said, loud, _ in told:
            self._note_partition(content.get("partition", ""))
            self.facts.append([number, self._node(node), kind, content, said, loud])
            if kind == "NodeCrashed":
                gone = content["node"]
                self._lose(lambda ends, gone=gone: gone in ends, number)  # type: ignore[misc]
        for source, destination, correlation, is_answer, label in entry["sent"]:
            self._send((source, destination, correlation, is_answer), label, number)
        if len(self.steps) > LONGEST:
            self._forget(len(self.steps) // 2)

    def put(self, process: str, entries: Sequence[Entry]) -> None:
        """Entries that take their place when it is sure."""
        for entry in entries:
            self._arrivals += 1
            heapq.heappush(self._waiting, (entry["at"], self._arrivals, process, entry))

    def hear(self, process: str, entries: Sequence[Entry], up_to: int) -> None:
        """A process has told all that it did up to then (ns)."""
        self.put(process, entries)
        self._heard[process] = max(up_to, self._heard.get(process, 0))

    def gone(self, process: str) -> None:
        """A process has ended: it is waited for no more."""
        self._heard.pop(process, None)

    def settle(self) -> None:
        """Give their place to all entries before which nothing can come any more."""
        patience = time.monotonic_ns() - PATIENCE_NS
        sure = min((max(up_to, patience) for up_to in self._heard.values()), default=patience)
        while self._waiting and self._waiting[0][0] <= sure:
            _, _, process, entry = heapq.heappop(self._waiting)
            self.add(process, entry)

    def _news(self, told: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
        """Without what another controller has said already of the same record of the metadata log."""
        found = [fact for fact in told if fact[-1] == NO_OFFSET or fact[-1] >= self._next_record]
        self._next_record = max([self._next_record, *(fact[-1] + 1 for fact in found)])
        return found

    # --- messages ---

    def _send(self, message: Message, label: str, number: int) -> None:
        source, destination, correlation, _ = message
        self._under_way[message] = len(self.messages)
        ends = [self._node(source), self._node(destination)]
        self.messages.append([*ends, number, 0, self._label(label), DELIVERED, correlation])

    def _arrived(self, message: Message, label: str, number: int) -> int:
        """Index of a message that arrives in this step."""
        if message not in self._under_way:
            self._send(message, label, max(1, number - 1))
        index = self._under_way.pop(message)
        self._end(index, number, label, DELIVERED)
        return index

    def _arrived_quietly(self, message: Message | None) -> None:
        if message in self._under_way:
            index = self._under_way.pop(message)
            quiet = f"~{self.labels[self.messages[index][LABEL]]}"
            self._end(index, self.step, quiet, DELIVERED)

    def _lose(self, is_lost: Callable[[tuple[NodeId, NodeId]], bool], number: int) -> None:
        for message in [one for one in self._under_way if is_lost(one[:2])]:
            index = self._under_way.pop(message)
            self._end(index, number, "", LOST)

    def _end(self, index: int, number: int, label: str, fate: int) -> None:
        message = self.messages[index]
        message[ENDED], message[FATE] = number, fate
        if label:
            message[LABEL] = self._label(label)
        self.ended.append(index)

    # --- tables ---

    def _label(self, text: str) -> int:
        if text not in self._places:
            self._places[text] = len(self.labels)
            self.labels.append(text)
        return self._places[text]

    def _node(self, node: NodeId) -> int:
        if not node:
            return -1
        if node not in self.nodes:
            self.nodes.append(node)
        return self.nodes.index(node)

    def _note_partition(self, partition: str) -> None:
        if partition and not partition.startswith("__") and partition not in self.partitions:
            self.partitions.append(partition)

    # --- what goes out ---

    def whole(self) -> dict[str, Any]:
        """The trace so far."""
        found = self._tables() | {
            "schema": SCHEMA, "scenario": "", "title": self.title, "moral": "", "settings": self.settings,
            "labels": self.labels, "steps": self.steps, "messages": self.messages, "facts": self.facts,
            "bookmarks": [], "questions": [], "branches": [],
        }  # fmt: skip
        return found if self.start is None else found | {"start": self.start}

    def _tables(self) -> dict[str, Any]:
        roles = [{"id": node, "role": node.partition("-")[0]} for node in self.nodes]
        return {"nodes": roles, "partitions": sorted(self.partitions)}

    def mark(self) -> tuple[int, ...]:
        """How far the trace is, for `more`."""
        self.settle()
        parts = (self.steps, self.messages, self.facts, self.labels, self.ended)
        return (self.generation, *(len(part) for part in parts))

    def more(self, since: tuple[int, ...]) -> dict[str, Any] | None:
        """What was added since this mark; None when the trace began anew."""
        generation, steps, messages, facts, labels, ended = since
        if generation != self.generation:
            return None
        changed = {index: self.messages[index] for index in self.ended[ended:] if index < messages}
        return self._tables() | {
            "steps": self.steps[steps:], "messages": self.messages[messages:], "facts": self.facts[facts:],
            "labels": self.labels[labels:], "changed": list(changed.items()),
        }  # fmt: skip

    # --- the past ---

    def _forget(self, steps: int) -> None:
        """Fold the oldest steps into one state."""
        last = self.forgotten + steps
        state = fold.fold(Trace(self.whole()), last)
        state["alarms"] = []
        for client in state["clients"].values():
            client["last"] = -1
        kept = [i for i, one in enumerate(self.messages) if not 0 < one[ENDED] <= last]
        place = {old: new for new, old in enumerate(kept)}
        self.messages = [self.messages[i] for i in kept]
        self._under_way = {message: place[i] for message, i in self._under_way.items()}
        before_ms = 0 if self.start is None else self.start["ms"]
        self.start = {"step": last, "ms": before_ms + sum(step[0] for step in self.steps[:steps]), "state": state}
        self.steps = self.steps[steps:]
        for step in self.steps:
            if step[1] == "deliver" and step[4] >= 0:
                step[4] = place.get(step[4], -1)
        self.facts = [fact for fact in self.facts if fact[0] > last]
        self._numbers = {key: number for key, number in self._numbers.items() if number > last}
        self.ended = []
        self.generation += 1
