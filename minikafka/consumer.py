"""`Consumer`: confluent-kafka's calls, on a simulated cluster.

```python
consumer = Consumer({"bootstrap.servers": cluster, "group.id": "billing", "auto.offset.reset": "earliest"})
consumer.subscribe(["orders"], on_assign=print)
while message := consumer.poll(5):
    print(message.value())
consumer.close()
```

* `poll` is one poll of the Java client that returns at most one record, `consume` one that returns several: positions
  move with what is returned, and the automatic commit of the *next* call commits them.
* Rebalance callbacks run inside `poll`, `consume`, `unsubscribe` and `close`. With eager assignors `on_assign` may call
  `assign` with offsets of its own; without that, reading goes on where the group has committed.
* A call waits in virtual time, up to its timeout; without one, up to an hour.

What we leave out: logging, statistics, OAuth, `error_cb`, deserializers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minikafka.api import (
    OFFSET_END,
    OFFSET_INVALID,
    ClusterMetadata,
    ConsumerGroupMetadata,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
    bootstrap_of,
    cluster_metadata,
    error_or_none,
)
from minikafka.client.consumer import ConsumerNode
from minikafka.client.consumer_state import Fetched, Trouble, Turn
from minikafka.config import ConsumerConfig, read_settings
from minikafka.effects import Effect
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import OffsetToCommit
from minikafka.protocol.messages import EARLIEST_TIMESTAMP, LATEST_TIMESTAMP
from minikafka.types import NO_EPOCH, BrokerId, Millis
from minikafka.types import TopicPartition as Name

FOREVER_MS: Millis = 3_600_000
"""How long a call without a timeout waits."""
SHORT_MS: Millis = 10_000

RebalanceCallback = Callable[["Consumer", list[TopicPartition]], Any]
CommitCallback = Callable[[KafkaError | None, list[TopicPartition]], Any]


class Consumer:
    """Reads records: from partitions assigned by hand, or as a member of a group."""

    def __init__(self, conf: Mapping[str, Any]) -> None:
        """`conf` has Kafka's dotted names; `bootstrap.servers` is a `Cluster`. Raises `ConfigError`."""
        settings = dict(conf)
        self._on_commit: CommitCallback | None = settings.pop("on_commit", None)
        self.config = read_settings(ConsumerConfig, settings, "consumer")
        self.cluster, first = bootstrap_of(self.config.bootstrap_servers)
        self.node = self.cluster.add_consumer(self.config.client_id, self.config, first)
        self._listeners: dict[Turn, RebalanceCallback] = {}
        self._in_callback: Turn | None = None
        self._commits_told = 0
        self._closed = False

    # --- what to read ---

    def subscribe(
        self,
        topics: Sequence[str],
        on_assign: RebalanceCallback | None = None,
        on_revoke: RebalanceCallback | None = None,
        on_lost: RebalanceCallback | None = None,
    ) -> None:
        """Read these topics together with the rest of the group; a name that begins with `^` is a pattern."""
        if not self.config.group_id:
            raise KafkaException(KafkaError(KafkaError._INVALID_ARG, "subscribe() needs a group.id."))
        given = {Turn.ASSIGNED: on_assign, Turn.REVOKED: on_revoke, Turn.LOST: on_lost or on_revoke}
        self._listeners = {turn: callback for turn, callback in given.items() if callback is not None}
        pattern = _pattern(topics)
        names, listens = () if pattern else tuple(topics), bool(self._listeners)
        self._call(f"subscribe to {', '.join(topics)}", lambda node, now: node.subscribe(names, now, pattern, listens))

    def unsubscribe(self) -> None:
        """Give everything up and leave the group; nothing is committed by itself."""
        self._call("unsubscribe", lambda node, now: node.unsubscribe(now))
        self._wait(lambda node: not node.is_subscribed, SHORT_MS)

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """Read these partitions; without an offset from where the group committed or `auto.offset.reset` says."""
        positions = _positions(partitions)
        if self._in_callback is not None:
            self._start_at(positions)
        elif self._client.is_subscribed:
            raise KafkaException(KafkaError(KafkaError._STATE, "assign() after subscribe(): unsubscribe() first."))
        else:
            self._call("~assign", lambda node, now: node.assign(positions, now))

    def unassign(self) -> None:
        """Read nothing any more. In a rebalance callback this is what happens anyway."""
        if self._in_callback is None:
            self._call("~unassign", lambda node, now: node.assign({}, now))

    def incremental_assign(self, partitions: Sequence[TopicPartition]) -> None:
        """Read these partitions too."""
        positions = _positions(partitions)
        if self._in_callback is not None:
            self._start_at(positions)
        else:
            self._call("~assign more", lambda node, now: node.incremental_assign(positions, now))

    def incremental_unassign(self, partitions: Sequence[TopicPartition]) -> None:
        """Read these partitions no more. In a rebalance callback this is what happens anyway."""
        names = [_name(one) for one in partitions]
        if self._in_callback is None:
            self._call("~assign fewer", lambda node, now: node.incremental_unassign(names, now))

    def assignment(self) -> list[TopicPartition]:
        """What it reads now."""
        return [TopicPartition(*name) for name in sorted(self._client.assigned)]

    def seek(self, partition: TopicPartition) -> None:
        """Go on from another offset. Raises `KafkaException` for a partition that is not assigned."""
        name = self._assigned_name(partition)
        self._call(f"seek {name} to {partition.offset}", lambda node, now: node.seek(name, partition.offset, now))

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Hand nothing over from these partitions; they stay ours."""
        names = [self._assigned_name(one) for one in partitions]
        self._call("pause", lambda node, now: node.pause(names, now))

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """Hand over from them again."""
        names = [self._assigned_name(one) for one in partitions]
        self._call("resume", lambda node, now: node.pause(names, now, paused=False))

    # --- records ---

    def poll(self, timeout: float | None = 1) -> Message | None:
        """The next record, waiting up to `timeout` seconds for it; None if there is none by then."""
        found = self._read(1, timeout)
        return found[0] if found else None

    def consume(self, num_messages: int = 1, timeout: float | None = 1) -> list[Message]:
        """Up to so many records, and not more than `max.poll.records`, waiting up to `timeout` seconds for them."""
        return self._read(min(num_messages, self.config.max_poll_records), timeout)

    def _read(self, most: int, timeout: float | None) -> list[Message]:
        if self._in_callback is not None:
            raise KafkaException(KafkaError(KafkaError._STATE, "poll() inside a rebalance callback."))
        self._call("~poll", lambda node, now: node.poll(True, now, most))
        self._wait(
            lambda node: not node.is_polling or bool(node.state.errors or node.state.ends), _milliseconds(timeout)
        )
        self._tell_commits()
        if self._client.is_polling:
            self._call("~poll ends", lambda node, now: node.poll(False, now))
        return self._returned()

    def _returned(self) -> list[Message]:
        state = self._client.state
        messages = [_message(one) for one in state.buffer]
        if messages:
            return messages
        if state.errors:
            return [self._trouble(state.errors[0])]
        if state.ends:
            name, offset = state.ends.pop(0)
            return [Message(name, offset, None, None, (), 0, KafkaError(KafkaError._PARTITION_EOF))]
        return []

    def _trouble(self, trouble: Trouble) -> Message:
        error = KafkaError(trouble.error, trouble.reason)
        if trouble.error == ErrorCode.OFFSET_OUT_OF_RANGE:
            error = KafkaError(KafkaError._AUTO_OFFSET_RESET, trouble.reason)
        return Message(trouble.partition or Name("", -1), -1, None, None, (), 0, error)

    # --- commits ---

    def commit(
        self,
        message: Message | None = None,
        offsets: Sequence[TopicPartition] | None = None,
        asynchronous: bool = True,
    ) -> list[TopicPartition] | None:
        """Commit the offset behind a message, these offsets, or all positions.

        Synchronous: what was committed; raises `KafkaException` when that was refused. Asynchronous: `on_commit` of
        the settings is called from a later poll.
        """
        wanted = _to_commit(message, offsets)
        if not asynchronous and wanted is None and not self._client.commits.consumed():
            raise KafkaException(KafkaError(KafkaError._NO_OFFSET, "There is no position to commit."))
        self._call("~commit", lambda node, now: node.commit(wanted, asynchronous, now))
        if asynchronous:
            return None
        ticket = self._client.last_ticket
        self._wait(
            lambda node: any(one.ticket == ticket for one in node.state.commits),
            self.config.default_api_timeout_ms + SHORT_MS,
            serves=False,
        )
        result = next((one for one in self._client.state.commits if one.ticket == ticket), None)
        if result is None or result.error != ErrorCode.NONE:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT if result is None else result.error))
        return [TopicPartition(*name, offset) for name, offset in result.offsets]

    def store_offsets(self, message: Message | None = None, offsets: Sequence[TopicPartition] | None = None) -> None:
        """With `enable.auto.offset.store=false`: this is what the next commit without arguments commits."""
        wanted = _to_commit(message, offsets) or {}
        self._call("~store offsets", lambda node, now: node.store(wanted))

    def committed(self, partitions: Sequence[TopicPartition], timeout: float = 10) -> list[TopicPartition]:
        """What the group committed; offset -1001 for a partition without a commit."""
        names = [_name(one) for one in partitions]
        self._call("~committed?", lambda node, now: node.ask_committed(names, now))
        ticket = self._client.last_ticket
        self._wait(lambda node: node.commits.is_answered(ticket), _milliseconds(timeout), serves=False)
        answers = self._answers(ticket, len(set(names)))
        return [
            TopicPartition(*name, OFFSET_INVALID if answers[name][0] < 0 else answers[name][0],
                           leader_epoch=answers[name][1], error=error_or_none(answers[name][2]))
            for name in names
        ]  # fmt: skip

    def _tell_commits(self) -> None:
        results = self._client.state.commits[self._commits_told :]
        self._commits_told += len(results)
        for result in results:
            if self._on_commit is not None:
                committed = [TopicPartition(*name, offset) for name, offset in result.offsets]
                self._on_commit(error_or_none(result.error), committed)

    # --- questions ---

    def position(self, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
        """The next offset the application will be given, for each partition."""
        return [TopicPartition(one.topic, one.partition, self._next_offset(one)) for one in partitions]

    def _next_offset(self, one: TopicPartition) -> int:
        assigned = self._client.assigned.get(_name(one))
        return OFFSET_INVALID if assigned is None or assigned.position is None else assigned.position

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float = 1, cached: bool = False
    ) -> tuple[int, int]:
        """(log start offset, high watermark); `cached`: as last heard, (-1001, -1001) before the first fetch."""
        name = _name(partition)
        if cached:
            assigned = self._client.assigned.get(name)
            heard = (-1, -1) if assigned is None else (assigned.log_start, assigned.high_watermark)
            return heard if min(heard) >= 0 else (OFFSET_INVALID, OFFSET_INVALID)
        low = self._look_up({name: EARLIEST_TIMESTAMP}, timeout)
        return low[name], self._look_up({name: LATEST_TIMESTAMP}, timeout)[name]

    def offsets_for_times(self, partitions: Sequence[TopicPartition], timeout: float = 10) -> list[TopicPartition]:
        """The first offset at or after a time, given in place of the offset in ms; -1 if no record is that young."""
        found = self._look_up({_name(one): one.offset for one in partitions}, timeout)
        return [TopicPartition(one.topic, one.partition, found[_name(one)]) for one in partitions]

    def _look_up(self, timestamps: dict[Name, int], timeout: float) -> dict[Name, int]:
        self._call("~which offsets?", lambda node, now: node.look_up(timestamps, now))
        ticket = self._client.last_ticket
        self._wait(lambda node: node.positions.is_done(ticket), _milliseconds(timeout), serves=False)
        answers = self._answers(ticket, len(timestamps))
        for _, _, error in answers.values():
            if error != ErrorCode.NONE:
                raise KafkaException(KafkaError(error))
        return {name: OFFSET_END if offset < 0 else offset for name, (offset, _, _) in answers.items()}

    def _answers(self, ticket: int, expected: int) -> dict[Name, tuple[int, int, ErrorCode]]:
        answers = dict(self._client.state.answers.get(ticket, {}))
        if len(answers) < expected:
            self._call("~gives up waiting", lambda node, now: node.forget(ticket))
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "No answer in time."))
        return answers

    def lag(self, partition: TopicPartition) -> int | None:
        """Ours alone: how far behind this consumer is by its own account; with read_committed, behind the LSO."""
        return self._client.lag(_name(partition))

    def list_topics(self, topic: str | None = None, timeout: float = 10) -> ClusterMetadata:
        """Brokers and topics as a broker knows them."""
        before = self._client.news
        names = () if topic is None else (topic,)
        self._call("~list topics", lambda node, now: node.learn_about(names, now))
        self._wait(lambda node: node.news is not before, _milliseconds(timeout), serves=False)
        news = self._client.news
        if news is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "No broker answered in time."))
        return cluster_metadata(news)

    def memberid(self) -> str | None:
        """Its member id in the group; None while it is no member."""
        return self._client.membership.member_id or None

    def consumer_group_metadata(self) -> ConsumerGroupMetadata:
        """In whose name a producer commits this consumer's offsets (`send_offsets_to_transaction`)."""
        member = self._client.membership
        generation = member.generation if member.is_member else NO_EPOCH
        return ConsumerGroupMetadata(
            self.config.group_id, generation, member.member_id if member.is_member else "", self.config.instance_id
        )

    def ask_once(self, broker: BrokerId, partition: TopicPartition, offset: int, epoch: int) -> None:
        """Ours alone, for lessons: one fetch to a broker of your choice, believing in a leader epoch of your choice."""
        name = _name(partition)
        self._call(
            f"ask broker {broker}, epoch {epoch}", lambda node, now: node.ask_once(broker, name, offset, epoch, now)
        )

    # --- endings ---

    def close(self) -> None:
        """Commit if that is automatic, give everything up, leave the group. A static member does not leave."""
        if self._closed:
            return
        self._call("close", lambda node, now: node.close(now))
        self._wait(lambda node: node.is_closed, FOREVER_MS // 60)
        self._tell_commits()
        self._closed = True

    # --- small parts ---

    @property
    def _client(self) -> ConsumerNode:
        node = self.cluster.client(self.node)
        if self._closed or node is None:
            raise RuntimeError("Consumer closed" if self._closed else "Consumer killed")
        assert isinstance(node, ConsumerNode)
        return node

    def _call(self, name: str, action: Callable[[ConsumerNode, Millis], list[Effect]]) -> None:
        assert self._client is not None, "a closed consumer was refused above"
        self.cluster.call(self.node, name, action)

    def _wait(self, done: Callable[[ConsumerNode], bool], limit_ms: Millis, serves: bool = True) -> None:
        """Let time pass until something is done; rebalance callbacks are served meanwhile."""
        end_ms = self.cluster.now_ms + limit_ms
        node = self._client
        while True:
            self.cluster.sim.run_until(
                lambda: done(node) or (serves and bool(node.state.callbacks)), max(end_ms - self.cluster.now_ms, 0)
            )
            if not (serves and node.state.callbacks):
                return
            self._serve()

    def _serve(self) -> None:
        """Call the application back, and let the rebalance go on."""
        call = self._client.state.callbacks[0]
        callback = self._listeners.get(call.turn)
        self._in_callback = call.turn
        try:
            if callback is not None:
                callback(self, [TopicPartition(*name) for name in call.partitions])
        finally:
            self._in_callback = None
            self._call("~callback returns", lambda node, now: node.callback_done(now))

    def _start_at(self, positions: Mapping[Name, int | None]) -> None:
        for name, offset in positions.items():
            if offset is not None and name in self._client.assigned:
                self._seek(name, offset)

    def _seek(self, name: Name, offset: int) -> None:
        self._call(f"~start {name} at {offset}", lambda node, now: node.seek(name, offset, now))

    def _assigned_name(self, partition: TopicPartition) -> Name:
        name = _name(partition)
        if name not in self._client.assigned:
            raise KafkaException(KafkaError(KafkaError._STATE, f"{name} is not assigned to this consumer."))
        return name


def _name(partition: TopicPartition) -> Name:
    return Name(partition.topic, partition.partition)


def _milliseconds(timeout: float | None) -> Millis:
    return FOREVER_MS if timeout is None or timeout < 0 else round(timeout * 1000)


def _pattern(topics: Sequence[str]) -> str:
    """One expression for all names if one of them is a pattern, else empty."""
    if not any(topic.startswith("^") for topic in topics):
        return ""
    return "|".join(topic if topic.startswith("^") else f"^{topic}$" for topic in topics)


def _positions(partitions: Sequence[TopicPartition]) -> dict[Name, int | None]:
    """Offsets to start at: -2 and -1 are the start and the end, anything else that is negative says nothing."""
    return {_name(one): one.offset if one.offset >= EARLIEST_TIMESTAMP else None for one in partitions}


def _to_commit(message: Message | None, offsets: Sequence[TopicPartition] | None) -> dict[Name, OffsetToCommit] | None:
    """The *next* offset of each partition: behind the message, or as it is given."""
    if message is not None:
        name, offset = Name(message.topic(), message.partition()), message.offset()
        assert offset is not None, "a message that was read has an offset"
        epoch = message.leader_epoch()
        return {name: OffsetToCommit(name, offset + 1, NO_EPOCH if epoch is None else epoch)}
    if offsets is None:
        return None
    return {
        _name(one): OffsetToCommit(
            _name(one), one.offset, NO_EPOCH if one.leader_epoch is None else one.leader_epoch, one.metadata or ""
        )
        for one in offsets
    }


def _message(fetched: Fetched) -> Message:
    record = fetched.record
    return Message(
        fetched.partition, record.offset, record.key, record.value, record.headers, record.timestamp_ms,
        leader_epoch=fetched.leader_epoch,
    )  # fmt: skip
