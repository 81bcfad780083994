"""Where coordinators live: each partition of an internal topic is the memory of one *shard*, kept by its leader.

The problem: a coordinator must not forget what it has promised when its broker dies. The idea: all it knows lies in a
log that is replicated like any other (D3 of the design: decide, append, replay).

```
 request ─▶ key ─▶ partition ─▶ shard.handle ─▶ records ─▶ append as leader ─▶ shard.replay ─┐
                                     │                     (acks=all, min ISR)               │
 answer ◀── high watermark has passed what the shard had replayed when it decided ◀──────────┘

 become leader ─▶ replay the whole log into a fresh shard ─▶ shard.loaded ─▶ serve
 lose the lead ─▶ throw the shard away; whoever waits is told NOT_COORDINATOR
```

* A shard sees records only as it reads them in the log: its own, those it found there, and the markers that end
  transactions. What was decided and not appended has never happened.
* Every answer waits, also one that wrote nothing: it may rest on a record that is not committed yet.
* Two brokers may believe that they lead. Only one of them can have anything committed (I27 and I28 rest on that); the
  other, cut off, goes on answering questions from what it knew, until it learns better.

To build a coordinator on this, write two classes. A `Shard` decides: `handle(request, ticket, now)` returns a
`CoordinatorResult`; its records are appended in one batch and come back through `replay` before anything else is
asked. With `response=None` the request waits under its ticket until some later result has `(ticket, answer)` among its
`answers`. A `Coordination` knows its requests: it splits one that names several keys, joins the answers, and makes the
answer of a refused one. `orders` of a result are put into `CoordinatorHost.orders` when its records are committed, for
whoever has to act then (to send transaction markers, say).

Mirrors `CoordinatorRuntime`, `CoordinatorLoader` and `CoordinatorPartitionWriter`. What we leave out: snapshots of the
state (Kafka reads what is committed at once, we let a read wait until what it saw is committed), several
writes in one batch (`group.coordinator.append.linger.ms`), threads (loading takes `LOADING_MS` of virtual time).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from minikafka import types
from minikafka.broker.replica_manager import ReplicaManager
from minikafka.coordinator.result import KeyedRecord, ShardResult, Wake
from minikafka.effects import Effect, Observe, Send, SetTimer, Timer
from minikafka.protocol import facts, records
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, Request, Response
from minikafka.protocol.records import RecordBatch
from minikafka.types import NO_EPOCH, NO_PRODUCER_ID, Epoch, Millis, NodeId, Offset, TopicPartition

LOADING_MS: Millis = 10
"""Between becoming leader and serving; requests in between are told COORDINATOR_LOAD_IN_PROGRESS."""
LOAD, GIVE_UP = "load", "commit-timeout"


class Shard(Protocol):
    """The state of one partition of an internal topic, and what is decided upon it. It never sees a log."""

    def replay(self, record: KeyedRecord, producer_id: int) -> None:
        """Take in a record from the log; `producer_id` is -1 unless it is part of a transaction."""
        ...

    def replay_marker(self, producer_id: int, commit: bool) -> tuple[facts.Fact, ...]:
        """A producer's transaction has ended in this partition."""
        ...

    def loaded(self, now: Millis) -> ShardResult:
        """The log has been replayed: set the timers of what was found."""
        ...

    def handle(self, request: Request, ticket: int, now: Millis) -> ShardResult:
        """Decide about a request."""
        ...

    def wake(self, wake: Wake, now: Millis) -> ShardResult:
        """A timer has run out."""
        ...


class Coordination(Protocol):
    """One kind of coordinator: for groups, or for transactions."""

    name: str
    """Begins the names of its timers."""
    topic: str
    """The internal topic that remembers it."""

    def make(self, partition: TopicPartition, leader_epoch: Epoch) -> Shard:
        """A fresh shard that knows nothing."""
        ...

    def split(self, request: Request) -> tuple[tuple[str, Request], ...]:
        """(key, part): one part for each group or transactional id that the request names."""
        ...

    def join(self, request: Request, answers: tuple[Response, ...]) -> Response:
        """The answer to a request, from the answers to its parts."""
        ...

    def refuse(self, request: Request, error: ErrorCode) -> Response:
        """The answer to a part that no shard takes."""
        ...


@dataclass(slots=True)
class Question:
    """A client's request, and the answers to its parts so far."""

    envelope: Envelope
    answers: list[Response | None]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One part of a question, at one shard."""

    question: Question
    index: int
    request: Request


@dataclass(slots=True)
class Promise:
    """What is said when the high watermark reaches an offset."""

    needs_offset: Offset
    due_ms: Millis
    """When those who wait are told that it takes too long (offsets.commit.timeout.ms)."""
    answers: tuple[tuple[int, Response], ...]
    told: tuple[facts.Fact, ...]
    orders: tuple[object, ...] = ()


@dataclass(slots=True)
class Led:
    """A partition that this broker leads, with its shard."""

    name: TopicPartition
    leader_epoch: Epoch
    shard: Shard
    loaded: bool = False
    next_offset: Offset = 0
    """The shard has replayed everything below."""
    tickets: dict[int, Ticket] = field(default_factory=dict)
    """Requests that have no answer yet."""
    promises: list[Promise] = field(default_factory=list)
    """In the order of their offsets."""


def as_coordinator_error(error: ErrorCode) -> ErrorCode:
    """What a client of a coordinator is told when the coordinator's own log cannot be written."""
    match error:
        case (
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            | ErrorCode.NOT_ENOUGH_REPLICAS
            | ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND
            | ErrorCode.REQUEST_TIMED_OUT
        ):
            return ErrorCode.COORDINATOR_NOT_AVAILABLE
        case ErrorCode.NOT_LEADER_OR_FOLLOWER | ErrorCode.KAFKA_STORAGE_ERROR:
            return ErrorCode.NOT_COORDINATOR
        case ErrorCode.MESSAGE_TOO_LARGE | ErrorCode.RECORD_LIST_TOO_LARGE:
            return ErrorCode.UNKNOWN_SERVER_ERROR
    return error


class CoordinatorHost:
    """All shards of one internal topic whose partitions this broker leads."""

    def __init__(self, kind: Coordination, replicas: ReplicaManager) -> None:
        self.kind = kind
        self.replicas = replicas
        self.led: dict[TopicPartition, Led] = {}
        self.orders: list[object] = []
        """What is committed and asks for somebody to act; whoever does takes it out."""
        self._tickets = 0
        self._wakes: dict[int, tuple[TopicPartition, Epoch, Wake]] = {}
        self._wake_number = 0
        self._gives_up_at_ms: Millis | None = None

    # --- who leads ---

    def apply_image(self, now: Millis) -> list[Effect]:
        """After the replicas have taken what the metadata log says: begin, or stop, to coordinate."""
        effects: list[Effect] = []
        for name, led in list(self.led.items()):
            if self._epoch_led(name) != led.leader_epoch:
                effects += self._unload(led)
        for name in sorted(self.replicas.partitions):
            if name.topic == self.kind.topic and name not in self.led and self._epoch_led(name) != NO_EPOCH:
                epoch = self._epoch_led(name)
                self.led[name] = Led(name, epoch, self.kind.make(name, epoch))
                effects.append(SetTimer(Timer(f"{self.kind.name}/{LOAD}", epoch, str(name)), LOADING_MS))
        return effects

    def _epoch_led(self, name: TopicPartition) -> Epoch:
        partition = self.replicas.partitions.get(name)
        return partition.leader_epoch if partition is not None and partition.is_leader else NO_EPOCH

    def _unload(self, led: Led) -> list[Effect]:
        del self.led[led.name]
        effects: list[Effect] = [Observe(facts.CoordinatorUnloaded(led.name))] if led.loaded else []
        return effects + self._refuse(led, tuple(led.tickets), ErrorCode.NOT_COORDINATOR)

    def _load(self, timer: Timer, now: Millis) -> list[Effect]:
        led = next((one for one in self.led.values() if str(one.name) == timer.key), None)
        if led is None or led.loaded or led.leader_epoch != timer.guards:
            return []
        led.next_offset = self.replicas.partitions[led.name].log.log_start_offset
        self._read_on(led)
        led.loaded = True
        effects: list[Effect] = [Observe(facts.CoordinatorLoaded(led.name, led.leader_epoch))]
        return effects + self._carry_out(led, None, led.shard.loaded(now), now)

    # --- requests ---

    def serve(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """Put each part of a request before its shard."""
        request = envelope.message
        assert isinstance(request, Request), "answers do not come here"
        parts = self.kind.split(request)
        question = Question(envelope, [None] * len(parts))
        if not parts:
            return self._answer_question(question)
        effects: list[Effect] = []
        for index, (key, part) in enumerate(parts):
            led, error = self._responsible(key)
            effects += self._put(led, error, Ticket(question, index, part), now)
        return effects

    def serve_everywhere(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """Put a request that names no key before every shard there is."""
        request = envelope.message
        assert isinstance(request, Request), "answers do not come here"
        if not all(led.loaded for led in self.led.values()):
            return [Send(envelope.reply(self.kind.refuse(request, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)))]
        question = Question(envelope, [None] * len(self.led))
        if not self.led:
            return self._answer_question(question)
        effects: list[Effect] = []
        for index, led in enumerate(list(self.led.values())):
            effects += self._put(led, ErrorCode.NONE, Ticket(question, index, request), now)
        return effects

    def shard_of(self, key: str) -> Shard | None:
        """The shard that answers for a group or transactional id, if it is here and loaded."""
        led, _ = self._responsible(key)
        return led.shard if led else None

    def _responsible(self, key: str) -> tuple[Led | None, ErrorCode]:
        topic = self.replicas.image.topics.get(self.kind.topic)
        if topic is None or not topic.partitions:
            return None, ErrorCode.NOT_COORDINATOR
        number = types.coordinator_partition(key, len(topic.partitions))
        led = self.led.get(TopicPartition(self.kind.topic, number))
        if led is None:
            return None, ErrorCode.NOT_COORDINATOR
        return (led, ErrorCode.NONE) if led.loaded else (None, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)

    def _put(self, led: Led | None, error: ErrorCode, ticket: Ticket, now: Millis) -> list[Effect]:
        if led is None:
            return self._answer(ticket, self.kind.refuse(ticket.request, error))
        self._tickets += 1
        led.tickets[self._tickets] = ticket
        number = self._tickets
        return self._carry_out(led, number, led.shard.handle(ticket.request, number, now), now)

    # --- decide, append, replay ---

    def _carry_out(
        self, led: Led, ticket: int | None, result: ShardResult, now: Millis, woken: Wake | None = None
    ) -> list[Effect]:
        """`woken` is the timer that asked; it comes again if what was decided cannot be written."""
        answers = result.answers
        if ticket is not None and result.response is not None:
            answers += ((ticket, result.response),)
        effects: list[Effect] = []
        wakes = result.wakes
        if result.records:
            error, effects = self.replicas.append_for_coordinator(led.name, _pack(result, now), now)
            if error != ErrorCode.NONE:
                waiting = tuple(number for number, _ in answers) + ((ticket,) if ticket is not None else ())
                if woken is not None and woken.again_ms:
                    wakes += (woken._replace(after_ms=woken.again_ms),)
                effects += [self._set(led, wake) for wake in wakes]
                return effects + self._refuse(led, waiting, as_coordinator_error(error))
            self._read_on(led)
        effects += [self._set(led, wake) for wake in wakes]
        due_ms = now + self.replicas.config.offsets_commit_timeout_ms
        led.promises.append(Promise(led.next_offset, due_ms, answers, result.told, result.orders))
        return effects + self._keep_promises(led) + self._watch(now)

    def _read_on(self, led: Led) -> None:
        """Replay what the log has and the shard has not seen."""
        log = self.replicas.partitions[led.name].log
        for batch in log.batches(led.next_offset):
            if batch.next_offset > led.next_offset:
                self._replay(led, batch)
                led.next_offset = batch.next_offset
        led.next_offset = max(led.next_offset, log.log_end_offset)

    def _replay(self, led: Led, batch: RecordBatch) -> None:
        if not batch.is_control:
            producer_id = batch.producer_id if batch.is_transactional else NO_PRODUCER_ID
            for record in batch.records():
                assert record.key is not None, "a coordinator's record has a key"
                led.shard.replay(KeyedRecord(record.key, record.value), producer_id)
            return
        marker = records.end_marker(batch)
        if marker is None:
            return
        told = led.shard.replay_marker(batch.producer_id, marker.commit)
        if led.loaded and told:
            led.promises.append(Promise(batch.next_offset, 0, (), told))

    # --- answers ---

    def settle(self, now: Millis) -> list[Effect]:
        """After every event: markers may have been written, high watermarks may have moved."""
        effects: list[Effect] = []
        for led in self.led.values():
            if not led.loaded:
                continue
            if self.replicas.partitions[led.name].log.log_end_offset > led.next_offset:
                self._read_on(led)
            if led.promises:
                effects += self._keep_promises(led)
        return effects

    def _keep_promises(self, led: Led) -> list[Effect]:
        mark = self.replicas.partitions[led.name].log.high_watermark
        effects: list[Effect] = []
        while led.promises and led.promises[0].needs_offset <= mark:
            promise = led.promises.pop(0)
            effects += [Observe(fact) for fact in promise.told]
            self.orders += promise.orders
            for number, response in promise.answers:
                ticket = led.tickets.pop(number, None)
                effects += self._answer(ticket, response) if ticket else []
        return effects

    def _refuse(self, led: Led, numbers: tuple[int, ...], error: ErrorCode) -> list[Effect]:
        effects: list[Effect] = []
        for number in numbers:
            ticket = led.tickets.pop(number, None)
            effects += self._answer(ticket, self.kind.refuse(ticket.request, error)) if ticket else []
        return effects

    def _answer(self, ticket: Ticket, response: Response) -> list[Effect]:
        ticket.question.answers[ticket.index] = response
        return self._answer_question(ticket.question)

    def _answer_question(self, question: Question) -> list[Effect]:
        answers = tuple(answer for answer in question.answers if answer is not None)
        if len(answers) < len(question.answers):
            return []
        request = question.envelope.message
        assert isinstance(request, Request)
        return [Send(question.envelope.reply(self.kind.join(request, answers)))]

    def connection_lost(self, peer: NodeId) -> None:
        """Nobody waits there any more. What was decided stays decided, and a member stays a member."""
        for led in self.led.values():
            led.tickets = {
                number: ticket for number, ticket in led.tickets.items() if ticket.question.envelope.source != peer
            }

    # --- timers ---

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """A timer of ours, `NAME/WHAT`."""
        what = timer.name.partition("/")[2]
        if what == LOAD:
            return self._load(timer, now)
        if what == GIVE_UP:
            return self._give_up(now)
        return self.prompt(*self._wakes.pop(timer.guards), now)

    def prompt(self, name: TopicPartition, leader_epoch: Epoch, wake: Wake, now: Millis) -> list[Effect]:
        """Wake a shard, unless it is no longer the one of that epoch. For timers, and for others on this broker."""
        led = self.led.get(name)
        if led is None or not led.loaded or led.leader_epoch != leader_epoch:
            return []
        return self._carry_out(led, None, led.shard.wake(wake, now), now, wake)

    def _set(self, led: Led, wake: Wake) -> Effect:
        self._wake_number += 1
        self._wakes[self._wake_number] = (led.name, led.leader_epoch, wake)
        whom = f"{wake.key}/{wake.detail}" if wake.detail else wake.key
        return SetTimer(Timer(f"{self.kind.name}/{wake.name}", self._wake_number, whom), wake.after_ms)

    def _watch(self, now: Millis) -> list[Effect]:
        """One timer for the promise that is due first."""
        due = [promise.due_ms for led in self.led.values() for promise in led.promises if promise.answers]
        if not due or (self._gives_up_at_ms is not None and self._gives_up_at_ms <= min(due)):
            return []
        self._gives_up_at_ms = min(due)
        return [SetTimer(Timer(f"{self.kind.name}/{GIVE_UP}", self._gives_up_at_ms), max(min(due) - now, 1))]

    def _give_up(self, now: Millis) -> list[Effect]:
        """Tell those who have waited too long; what they asked for may yet be committed."""
        self._gives_up_at_ms = None
        effects: list[Effect] = []
        for led in self.led.values():
            for promise in led.promises:
                if promise.answers and promise.due_ms <= now:
                    late = tuple(number for number, _ in promise.answers)
                    promise.answers = ()
                    effects += self._refuse(led, late, as_coordinator_error(ErrorCode.REQUEST_TIMED_OUT))
        return effects + self._watch(now)


def _pack(result: ShardResult, now: Millis) -> RecordBatch:
    packed = [(now, record.key, record.value, ()) for record in result.records]
    if result.producer is None:
        return records.build_batch(packed)
    return records.build_batch(
        packed,
        producer_id=result.producer.producer_id,
        producer_epoch=result.producer.producer_epoch,
        transactional=True,
    )
