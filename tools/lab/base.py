"""What a lab offers a script: clients with confluent-kafka's names, faults, and time.

The idea: a script calls `lab.producer(...)` and gets a producer; whose it is, is the lab's business. What a script
returns are answers in plain JSON (error names, offsets, leaders, values in order), so three labs can be compared.

- A script waits for what must come (`until`), and for time only where the passing of time is the point (`wait`).
- Error names are Kafka's; a client's own errors have librdkafka's names, with an underscore.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from minikafka.protocol.errors import ErrorCode

PATIENCE_S = 90
EPOCHS = 8
"""No script has more leaders one after the other."""
QUICK = {
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "broker.session.timeout.ms": "6000",
    "broker.heartbeat.interval.ms": "500",
    "log.cleaner.backoff.ms": "500",
    "auto.leader.rebalance.enable": "false",
}
"""Settings of all three backends; what is not here is Kafka's default."""


class LabError(Exception):
    """Something that must come has not come; the message says what."""


class Stands(NamedTuple):
    """How a partition stands, as Metadata tells it."""

    leader: int
    isr: list[int]


@dataclass(frozen=True, slots=True)
class Script:
    """One lab exercise: what is done, and why the answers may differ."""

    id: str
    title: str
    play: Callable[[Lab], dict[str, Any]]
    brokers: int = 3
    faults: tuple[str, ...] = ()
    """Which of crash, restart, pause, kill (of a client) happen in it."""
    unlike: Mapping[str, str] = field(default_factory=dict)
    """Answers that are not the same everywhere, each with the sentence that says why."""


class Lab(abc.ABC):
    """A cluster with three brokers, and clients for it."""

    backend = ""
    clients: Any
    """The module with `Producer`, `Consumer`, `TopicPartition`."""
    administration: Any
    """The module with `AdminClient`, `NewTopic`."""

    def __init__(self) -> None:
        self.opened: list[Any] = []
        """Consumers to be closed at the end."""
        self._admin: Any = None

    # --- what differs ---

    @property
    @abc.abstractmethod
    def servers(self) -> Any:
        """`bootstrap.servers`."""

    @abc.abstractmethod
    def wait(self, seconds: float) -> None:
        """Let time pass."""

    @abc.abstractmethod
    def strike(self, verb: str, broker: int) -> None:
        """`crash`, `restart`, `pause`, `resume` or `leave` (SIGTERM), and wait until that is done."""

    @abc.abstractmethod
    def member(self, group: str, **settings: Any) -> Any:
        """A consumer that may be killed."""

    @abc.abstractmethod
    def kill(self, member: Any) -> None:
        """kill -9 of the process of a `member`."""

    @abc.abstractmethod
    def end_of_epoch(self, broker: int, topic: str, epoch: int, current: int = -1) -> list[Any]:
        """Ask one broker where an epoch ends: [error, epoch, end offset]."""

    @abc.abstractmethod
    def fetch_error(self, broker: int, topic: str, offset: int, epoch: int) -> str:
        """The error of one fetch to one broker, by a reader that believes in this leader epoch."""

    # --- clients ---

    def producer(self, **settings: Any) -> Any:
        """A producer."""
        return self.clients.Producer(self.conf(settings))

    def consumer(self, group: str, **settings: Any) -> Any:
        """A consumer; nothing is committed by itself unless asked for."""
        usual = {"group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
        consumer = self.clients.Consumer(usual | self.conf(settings))
        self.opened.append(consumer)
        return consumer

    @property
    def admin(self) -> Any:
        """An admin client."""
        if self._admin is None:
            self._admin = self.administration.AdminClient(self.conf({}))
        return self._admin

    def conf(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings by their dotted names."""
        return {"bootstrap.servers": self.servers} | {name.replace("_", "."): value for name, value in settings.items()}

    def partition(self, topic: str, number: int = 0, *offset: int) -> Any:
        """A `TopicPartition`."""
        return self.clients.TopicPartition(topic, number, *offset)

    def close(self) -> None:
        """Close the consumers that the script has left open."""
        for consumer in self.opened:
            self.attempt(consumer.close)
        self.opened.clear()

    # --- topics ---

    def topic(self, name: str, *replicas: Sequence[int], **configs: str) -> str:
        """Create a topic with these replicas for its partitions, and wait until all of them have leaders."""
        dealt = [list(brokers) for brokers in replicas]
        dotted = {key.replace("_", "."): value for key, value in configs.items()}
        new = self.administration.NewTopic(name, num_partitions=len(dealt), replica_assignment=dealt, config=dotted)
        if self.backend == "simulation":
            new.num_partitions = -1  # confluent-kafka wants the number too, and sends -1 as well
        self.admin.create_topics([new])[name].result(30)
        self.until(lambda: all(self.stands(name, number).leader > 0 for number in range(len(dealt))), "leaders")
        return name

    def stands(self, topic: str, number: int = 0) -> Stands:
        """Leader and in-sync replicas of a partition; leader -1 when there is none."""
        known = self.admin.list_topics(topic, timeout=5).topics[topic].partitions
        return Stands(known[number].leader, sorted(known[number].isrs)) if number in known else Stands(-1, [])

    def until_led_by(self, topic: str, leader: int, isr: Sequence[int] | None = None) -> Stands:
        """Wait until a partition has this leader (and these in-sync replicas)."""

        def arrived() -> bool:
            now = self.stands(topic)
            return now.leader == leader and (isr is None or now.isr == list(isr))

        self.until(arrived, f"leader {leader} of {topic}, ISR {isr or 'any'}")
        return self.stands(topic)

    # --- records ---

    def send(self, producer: Any, topic: str, *values: str, partition: int = 0, key: str | None = None) -> list[Any]:
        """Produce one after the other, each with its answer: [error or NONE, offset or None]."""
        answers: list[Any] = []
        for value in values:
            producer.produce(
                topic, value=value, key=key, partition=partition,
                on_delivery=lambda error, message: answers.append([self.name_of(error), message.offset()]),
            )  # fmt: skip
            producer.flush(PATIENCE_S)
        return answers

    def read(self, consumer: Any, count: int, within_s: float = PATIENCE_S) -> list[Any]:
        """The next `count` records: [offset, value]; an error ends the reading with its name."""
        found: list[Any] = []

        def more() -> bool:
            message = consumer.poll(0.2)
            if message is not None:
                found.append(self.shown(message))
            return len(found) >= count or bool(found and isinstance(found[-1], str))

        self.until(more, f"{count} records, there are {len(found)}", within_s)
        return found

    def read_nothing(self, consumer: Any, seconds: float) -> list[Any]:
        """What comes within so many seconds, where nothing should."""
        messages = [consumer.poll(seconds / 10) for _ in range(10)]
        return [self.shown(message) for message in messages if message is not None]

    def read_log(self, topic: str, number: int = 0, **settings: Any) -> list[Any]:
        """Everything a reader sees in a partition, from its start to its present end: [offset, value]."""
        usual = {"isolation_level": "read_uncommitted", "enable_partition_eof": True}
        consumer = self.consumer("reads-all", **usual | settings)
        consumer.assign([self.partition(topic, number, -2)])
        found: list[Any] = []

        def ended() -> bool:
            message = consumer.poll(0.2)
            if message is None or (message.error() is not None and message.error().code() != -191):
                return False
            if message.error() is None:
                found.append(self.shown(message))
            return message.error() is not None

        self.until(ended, f"the end of {topic}")
        consumer.close()
        self.opened.remove(consumer)
        return found

    def shown(self, message: Any) -> Any:
        """A message as an answer."""
        if message.error() is not None:
            return self.name_of(message.error())
        value = message.value()
        return [message.offset(), None if value is None else value.decode()]

    def bounds(self, topic: str, number: int = 0) -> list[int]:
        """[log start, high watermark]."""
        asking = self.consumer("asking", isolation_level="read_uncommitted")
        found: list[int] = []
        where = self.partition(topic, number)
        self.until(lambda: found.extend(asking.get_watermark_offsets(where, timeout=5)) or found, "bounds")
        asking.close()
        self.opened.remove(asking)
        return found

    def epoch_of(self, broker: int, topic: str) -> int:
        """The newest epoch in which this broker led, or leads, the topic's first partition."""
        return max(epoch for epoch in range(EPOCHS) if self.end_of_epoch(broker, topic, epoch)[1] == epoch)

    # --- errors and time ---

    def name_of(self, error: Any) -> str:
        """Kafka's name of an error, NONE for none."""
        if error is None:
            return "NONE"
        if isinstance(error, self.clients.KafkaException):
            error = error.args[0]
        if error.code() > 0:
            return ErrorCode(error.code()).name
        return str(error.name())

    def attempt(self, call: Callable[[], Any]) -> str:
        """Call; the name of the error, or NONE."""
        try:
            call()
        except self.clients.KafkaException as problem:
            return self.name_of(problem.args[0])
        return "NONE"

    def until(self, condition: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> Any:
        """The first true value; errors of clients count as "not yet". Raises `LabError`."""
        left = within_s
        while left > 0:
            before = self.now()
            try:
                value = condition()
            except self.clients.KafkaException:
                value = None
            if value:
                return value
            self.wait(0.1)
            left -= self.now() - before
        raise LabError(f"{self.backend}: not within {within_s} s: {what}.")

    @abc.abstractmethod
    def now(self) -> float:
        """Seconds, from anywhere."""
