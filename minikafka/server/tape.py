"""What the nodes of one process do, as entries that can be sent: of these the live stage is made (`reel.py`).

    driver ──each call of a node──▶ Tape ──entries──▶ Reel, one for the whole cluster ──▶ the page

- An entry is a step in which something was told. A step that tells nothing (a heartbeat, an idle fetch) leaves only the
  word that its message has arrived; what follows from it counts as caused by what had caused it. So an idle cluster
  writes nothing, and *why?* still leads back.
- Nodes tell what they do; clients are strangers, so what they were told is read off their requests and answers: sent,
  stored, handed over. All connections that give the same `client.id` are one client.
- What happens to the fifty partitions of an internal topic is bookkeeping: no sentence of the story.
- An append of more than 100 records is told by its count: to open them would cost more than to serve them.

What we leave out: requests of clients about which a broker tells nothing (who leads, which offset).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from minikafka.effects import Effect, Observe, Send, SetTimer, Timer
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, FetchRequest, FetchResponse, ProduceRequest, ProduceResponse
from minikafka.protocol.records import RecordBatch, split_batches
from minikafka.server.codec import CORRELATION_IDS
from minikafka.trace import labels, trace
from minikafka.trace.story import words
from minikafka.types import NO_EPOCH, NO_OFFSET, NodeId, number_of

MOST_RECORDS = 100
"""Of one append that are told one by one."""
LONGEST = MOST_RECORDS * 100
"""Bytes of records that are opened for a word on an arrow."""
MOST_REMEMBERED = 10_000
"""Messages and timers whose cause is known; older ones have come to nothing."""
Entry: TypeAlias = dict[str, Any]
"""at (ns); came: a message, if one did; lost: two between which nothing arrives any more; and of a step: id, from,
node, kind, label, told, sent."""
Message: TypeAlias = tuple[NodeId, NodeId, int, bool]
"""Source, destination, correlation id, is it an answer: the same at both ends."""


class Caller(NamedTuple):
    """Who speaks on a connection, and the number of what it has asked."""

    client_id: str
    correlation_id: int


class Tape:
    """Listens to the nodes of one process."""

    def __init__(
        self,
        keep: Callable[[Entry], None],
        caller: Callable[[NodeId], Caller | None],
        nodes: Collection[NodeId] = (),
    ) -> None:
        """`keep` takes each entry; `caller` knows connections; `nodes` may speak here as clients: servers elsewhere."""
        self._keep = keep
        self._caller = caller
        self._nodes = nodes
        self._steps = 0
        self._causes: dict[Message | tuple[NodeId, Timer], int] = {}
        """The step that has sent this message or set this timer."""
        self._asked: dict[NodeId, tuple[Caller, Envelope]] = {}
        """By connection: what is to be answered."""

    def world(self, fact: facts.Fact) -> None:
        """Something happened to the cluster from outside."""
        self._steps += 1
        told = [["", *trace.as_told("", fact), NO_OFFSET]]
        self._keep(_step(self._steps, 0, "", "fault", type(fact).__name__, told))

    def step(self, node: NodeId, what: Envelope | Timer | NodeId | None, effects: Sequence[Effect]) -> None:
        """A node was called with this, and wants that done."""
        came, cause = None, 0
        match what:
            case Envelope():
                came = self._arrived(what)
                cause = self._causes.pop(came, 0)
            case Timer():
                cause = self._causes.pop((node, what), 0)
            case str():
                self._keep({"at": time.monotonic_ns(), "came": None, "lost": [node, self._name(what)]})
        told = [*self._heard(node, what), *self._told(node, effects), *self._answered(node, effects)]
        sent = self._sent(effects)
        if told:
            self._steps += 1
            kind = "deliver" if came is not None else "timer"
            said = [[*message, _on_arrow(envelope)] for message, envelope in sent]
            self._keep(_step(self._steps, cause, node, kind, self._reason(what), told, came, said))
            cause = self._steps
        elif came is not None:
            self._keep({"at": time.monotonic_ns(), "came": came})
        for message, _ in sent:
            self._remember(message, cause)
        for effect in effects:
            if type(effect) is SetTimer:
                self._remember((node, effect.timer), cause)

    def _reason(self, what: Envelope | Timer | NodeId | None) -> str:
        match what:
            case Envelope():
                return _on_arrow(what)
            case Timer():
                return what.name + (f" {what.key}" if what.key else "")
            case str():
                return f"connection to {self._name(what)} lost"
        return "start"

    def _remember(self, what: Message | tuple[NodeId, Timer], cause: int) -> None:
        self._causes[what] = cause
        if len(self._causes) > MOST_REMEMBERED:
            del self._causes[next(iter(self._causes))]

    # --- who speaks ---

    def _name(self, speaker: NodeId) -> NodeId:
        """A node's own name, also where it comes as a client; `client-` and the client.id of everybody else."""
        known = self._asked.get(speaker)
        caller = known[0] if known is not None else self._caller(speaker)
        if caller is None:
            return speaker
        return caller.client_id if caller.client_id in self._nodes else f"client-{caller.client_id or 'nameless'}"

    def _arrived(self, envelope: Envelope) -> Message:
        caller = self._caller(envelope.source)
        if caller is None or envelope.is_response:
            return _message(envelope)
        self._asked[envelope.source] = caller, envelope
        return self._name(envelope.source), envelope.destination, caller.correlation_id, False

    def _sent(self, effects: Sequence[Effect]) -> list[tuple[Message, Envelope]]:
        found = []
        for effect in effects:
            if type(effect) is Send:
                envelope = effect.envelope
                message, reader = _message(envelope), self._name(envelope.destination)
                asked = self._asked.pop(envelope.destination, None)
                if asked is not None:
                    message = (envelope.source, reader, asked[0].correlation_id, True)
                found.append((message, envelope))
        return found

    # --- what is told ---

    def _told(self, node: NodeId, effects: Sequence[Effect]) -> Iterator[list[Any]]:
        for effect in effects:
            if type(effect) is Observe:
                kind, content, said, loud = self._in_words(node, effect.fact)
                is_internal = str(content.get("partition", "")).startswith("__")
                yield [node, kind, content, said, 0 if is_internal else loud, effect.of_record]

    def _in_words(self, node: NodeId, fact: facts.Fact) -> list[Any]:
        if isinstance(fact, facts.RecordsAppended) and _is_long(fact):
            return _counted(node, fact)
        if isinstance(fact, facts.ProduceParked | facts.ProduceAnswered):
            fact = fact._replace(client=self._name(fact.client))
        return trace.as_told(node, fact)

    def _heard(self, node: NodeId, what: object) -> Iterator[list[Any]]:
        """What a client asks: its records."""
        if isinstance(what, Envelope) and isinstance(what.message, ProduceRequest):
            client, produce = self._name(what.source), what.message
            for one in produce.partitions:
                fact = facts.ProduceSent(one.partition, number_of(node), produce.acks, _values(one.records), 1)
                how = f"to broker {fact.broker} with acks={words.acks_of(fact.acks)}"
                yield _of_client(client, fact, f"sends {_count(one.records)} {how}", bool(fact.values))

    def _answered(self, node: NodeId, effects: Sequence[Effect]) -> Iterator[list[Any]]:
        """What a client is told."""
        for effect in effects:
            if type(effect) is not Send or effect.envelope.destination not in self._asked:
                continue
            client = self._name(effect.envelope.destination)
            question = self._asked[effect.envelope.destination][1].message
            match effect.envelope.message:
                case ProduceResponse() as stored if isinstance(question, ProduceRequest):
                    yield from self._stored(node, client, question, stored)
                case FetchResponse() as fetched if isinstance(question, FetchRequest) and question.replica_id < 0:
                    yield from self._handed(client, question, fetched)

    def _stored(
        self, node: NodeId, client: NodeId, question: ProduceRequest, answer: ProduceResponse
    ) -> Iterator[list[Any]]:
        asked = {one.partition: one.records for one in question.partitions}
        for one in answer.partitions:
            if one.error == ErrorCode.NONE:
                records, number = asked.get(one.partition, b""), number_of(node)
                fact = facts.ProduceAcknowledged(
                    one.partition, one.base_offset, question.acks, _values(records), number, NO_EPOCH
                )
                what = f"is told: {_count(records)} stored from offset {one.base_offset} on"
                yield _of_client(client, fact, what, bool(fact.values))

    def _handed(self, client: NodeId, question: FetchRequest, answer: FetchResponse) -> Iterator[list[Any]]:
        asked = {one.partition: one.fetch_offset for one in question.partitions}
        for one in answer.partitions:
            batches = list(split_batches(one.records))
            if not batches or one.partition not in asked or one.partition.topic.startswith("__"):
                continue
            first, position = asked[one.partition], batches[-1].last_offset + 1
            found = words.records_of(one.records) if _is_few(batches) else []
            records = tuple(
                (record.offset, epoch, record.key, record.value) for record, epoch in found if record.offset >= first
            )
            fact = facts.RecordsConsumed(one.partition, records, position)
            count = words.counted(position - first, "record")
            what = f"is handed {count} of {one.partition}, up to offset {position - 1}"
            yield _of_client(client, fact, what, bool(records))


def _step(
    number: int, cause: int, node: NodeId, kind: str, label: str, told: list[list[Any]], came: object = None,
    sent: Sequence[object] = (),
) -> Entry:  # fmt: skip
    return {
        "at": time.monotonic_ns(), "id": number, "from": cause, "node": node, "kind": kind, "label": label,
        "told": told, "came": came, "sent": sent,
    }  # fmt: skip


def _message(envelope: Envelope) -> Message:
    number = envelope.correlation_id % CORRELATION_IDS
    return envelope.source, envelope.destination, number, envelope.is_response


def _on_arrow(envelope: Envelope) -> str:
    """Its label; the API alone where to open it would cost much."""
    if _is_short(envelope):
        return labels.label_of(envelope)
    return type(envelope.message).__name__.removesuffix("Request").removesuffix("Response")


def _is_short(envelope: Envelope) -> bool:
    match envelope.message:
        case ProduceRequest() | FetchResponse() as carried:
            return sum(len(one.records) for one in carried.partitions) <= LONGEST
    return True


def _is_long(fact: facts.RecordsAppended) -> bool:
    return fact.next_offset - fact.base_offset > MOST_RECORDS and not fact.partition.topic.startswith("__")


def _of_client(client: NodeId, fact: facts.Fact, counted: str, is_seen: bool) -> list[Any]:
    """A fact of a client; where its records are not seen, too many or compressed, told by their count."""
    kind, content, said, loud = trace.as_told(client, fact)
    return [client, kind, content, said if is_seen else f"{words.name_of(client)} {counted}.", loud, NO_OFFSET]


def _is_few(batches: Sequence[RecordBatch]) -> bool:
    return sum(batch.count for batch in batches) <= MOST_RECORDS


def _count(records: bytes) -> str:
    return words.counted(sum(batch.count for batch in split_batches(records)), "record")


def _values(records: bytes) -> tuple[bytes | None, ...]:
    """The values of a few records; none where they are many, or compressed."""
    if not _is_few(list(split_batches(records))):
        return ()
    return tuple(record.value for record, _ in words.records_of(records))


def _counted(node: NodeId, fact: facts.RecordsAppended) -> list[Any]:
    """A large append: where it lies, and how much it is."""
    batches = list(split_batches(fact.batches))
    verb = "appends" if fact.as_leader else "copies"
    count = words.counted(fact.next_offset - fact.base_offset, "record")
    where = f"{fact.partition} at offset {fact.base_offset} on, in epoch {batches[-1].leader_epoch}"
    content = trace.plain_fields(fact) | {"records": [], "batches": trace.frames_of(batches)}
    return [type(fact).__name__, content, f"{words.name_of(node)} {verb} {count} to {where}.", 1]
