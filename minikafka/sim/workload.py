"""What clients do in a schedule: one function for each kind of entry that is no fault.

```
 send("x", acks="all", producer="A")     read(consumer="C", offset=0)     ask(2, 0, 1)
```

* Clients are made when they are first named; one producer for each (name, acks).
* An application takes what it is given at once and polls on.

What we leave out: applications that think for a while between two polls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minikafka.client.accumulator import PendingRecord
from minikafka.client.consumer import ConsumerNode
from minikafka.client.producer import ProducerNode
from minikafka.config import ConsumerConfig, ProducerConfig, read_settings
from minikafka.sim import administration
from minikafka.sim.applications import Command, Transactor, Worker
from minikafka.trace.trace import Told
from minikafka.types import BrokerId, Epoch, Offset, TopicPartition, broker_node

if TYPE_CHECKING:
    from minikafka.sim.schedule import Run

TRANSACTION_TIMEOUT_MS = 8_000
SESSION_TIMEOUT_MS = 6_000
CALLS = (
    "send", "read", "ask", "probe", "transact", "end", "join", "leave", "commit", "delete_records", "reassign",
    "administer", "work",
)  # fmt: skip


def call(run: Run, verb: str, *arguments: Any, **options: Any) -> None:
    """Carry out one client call."""
    match verb:
        case "send":
            send(run, *arguments, **options)
        case "read":
            read(run, *arguments, **options)
        case "ask":
            ask(run, *arguments, **options)
        case "probe":
            probe(run, *arguments, **options)
        case "transact":
            transact(run, *arguments, **options)
        case "end":
            end(run, *arguments, **options)
        case "join":
            join(run, *arguments, **options)
        case "work":
            work(run, *arguments, **options)
        case "leave":
            leave(run, *arguments)
        case "commit":
            commit(run, *arguments)
        case "delete_records":
            administration.delete_records(run, *arguments, **options)
        case "reassign":
            administration.reassign(run, *arguments, **options)
        case "administer":
            administration.administer(run, *arguments)
        case _:
            raise AssertionError(f"{verb} is no call of a client")


def send(
    run: Run,
    value: str,
    acks: str = "all",
    producer: str = "A",
    to: BrokerId | None = None,
    partition: int = 0,
    idempotent: bool = False,
    key: str = "",
) -> None:
    """A producer sends one record. One producer for each (name, acks), as its first call makes it.

    `to` is the broker it asks first who leads. Without idempotence a retry may be stored twice.
    """
    node = run.producers.get((producer, acks))
    if node is None:
        settings = {"acks": acks, "linger.ms": 0, "enable.idempotence": idempotent}
        config = read_settings(ProducerConfig, settings, "producer")
        name = f"producer-{producer}" if acks == "all" else f"producer-{producer}{acks}"
        node = ProducerNode(name, config, _bootstrap(run, to))
        run.producers[(producer, acks)] = node
        run.sim.add_client(node, f"acks={acks}")
    client = node
    record = PendingRecord(run.setup.topic, partition, key.encode() or None, value.encode(), (), run.sim.now)
    run.sim.call(client.id, f"send {value}", lambda: client.produce(record, run.sim.now))


def read(
    run: Run, consumer: str = "C", offset: Offset = 0, to: BrokerId | None = None, committed: bool = False
) -> None:
    """A consumer reads every partition from `offset` on, for as long as the run goes on."""
    node = _consumer(run, consumer, to, committed)
    positions: dict[TopicPartition, Offset | None] = {
        TopicPartition(run.setup.topic, number): offset for number in range(run.setup.partitions)
    }
    run.sim.call(node.id, f"read from {offset}", lambda: node.assign(positions, run.sim.now))
    _poll(run, node)


def ask(run: Run, broker: BrokerId, offset: Offset, epoch: Epoch, consumer: str = "C") -> None:
    """A consumer that believes in `epoch` asks one broker once."""
    node = _consumer(run, consumer, broker)
    run.sim.call(
        node.id,
        f"ask broker {broker}, epoch {epoch}",
        lambda: node.ask_once(broker, run.setup.partition, offset, epoch, run.sim.now),
    )


def probe(run: Run, broker: BrokerId, offset: Offset = 0) -> None:
    """A new consumer that has heard of the newest epoch asks this broker once, which may not have heard of it yet."""
    controller = run.sim.active_controller()
    known = controller.image.partition(run.setup.partition) if controller else None
    if known is not None:
        ask(run, broker, offset, known.leader_epoch, consumer=f"probe{len(run.consumers)}")


def _consumer(run: Run, name: str, to: BrokerId | None, committed: bool = False) -> ConsumerNode:
    if name not in run.consumers:
        isolation = "read_committed" if committed else "read_uncommitted"
        config = ConsumerConfig(auto_offset_reset="earliest", isolation_level=isolation)
        run.consumers[name] = ConsumerNode(f"consumer-{name}", config, _bootstrap(run, to))
        run.sim.add_client(run.consumers[name])
    return run.consumers[name]


def _bootstrap(run: Run, first: BrokerId | None) -> tuple[str, ...]:
    order = sorted(run.sim.broker_ids, key=lambda broker: (broker != first, broker))
    return tuple(broker_node(broker) for broker in order)


# --- transactions ---


def transact(
    run: Run, *values: str, producer: str = "T", end: str = "commit", identity: str = "app", partition: int = 0
) -> None:
    """An application sends these in one transaction, the n-th to the n-th partition from `partition` on.

    `end` is `commit`, `abort`, or empty: an `end` entry comes later. Two producers of one `identity` fence each other.
    """
    if producer not in run.transactors:
        run.transactors[producer] = Transactor(_transactional(run, producer, identity))
    application = run.transactors[producer]
    application.todo.append(Command("begin"))
    for number, value in enumerate(values):
        application.todo.append(Command("send", value, (partition + number) % run.setup.partitions))
    if end:
        application.todo.append(Command(end))
    application.go_on(run)


def _transactional(run: Run, producer: str, identity: str) -> ProducerNode:
    settings = {"transactional.id": identity, "linger.ms": 0, "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS}
    config = read_settings(ProducerConfig, settings, "producer")
    node = ProducerNode(f"producer-{producer}", config, _bootstrap(run, 1))
    run.sim.add_client(node, f"transactional.id={identity}")
    return node


def end(run: Run, how: str, producer: str = "T") -> None:
    """The application ends the transaction it is in."""
    if producer in run.transactors:
        run.transactors[producer].todo.append(Command(how))
        run.transactors[producer].go_on(run)


# --- groups ---


def join(
    run: Run,
    member: str,
    protocol: str = "classic",
    group: str = "",
    strategy: str = "range",
    committed: bool = False,
) -> None:
    """A consumer subscribes to the topic as a member of a group, and reads and commits for as long as it goes on."""
    if member in run.consumers:
        return
    settings = {
        "group.id": group or protocol, "group.protocol": protocol, "auto.offset.reset": "earliest",
        "session.timeout.ms": SESSION_TIMEOUT_MS, "heartbeat.interval.ms": SESSION_TIMEOUT_MS // 4,
        "partition.assignment.strategy": strategy, "auto.commit.interval.ms": 1_000,
        "isolation.level": "read_committed" if committed else "read_uncommitted",
    }  # fmt: skip
    if protocol == "consumer":
        for name in ("session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy"):
            del settings[name]
    config = read_settings(ConsumerConfig, settings, "consumer")
    node = run.consumers[member] = ConsumerNode(f"consumer-{member}", config, _bootstrap(run, None))
    run.sim.add_client(node, f"group.id={group or protocol}")
    run.sim.call(node.id, f"subscribe {run.setup.topic}", lambda: node.subscribe((run.setup.topic,), run.sim.now))
    _poll(run, node)


def work(run: Run, worker: str, protocol: str = "classic") -> None:
    """An application reads the topic in a group, and writes a result for each record, with offsets, in transactions.

    Its results go to the same topic, and have the place of what they were made from as their key.
    """
    if worker in run.workers:
        return
    settings = {
        "group.id": f"work-{protocol}", "group.protocol": protocol, "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "isolation.level": "read_committed",
    }  # fmt: skip
    if protocol == "classic":
        settings |= {"session.timeout.ms": SESSION_TIMEOUT_MS, "heartbeat.interval.ms": SESSION_TIMEOUT_MS // 4}
    reads = read_settings(ConsumerConfig, settings, "consumer")
    consumer = ConsumerNode(f"consumer-{worker}", reads, _bootstrap(run, None))
    run.sim.add_client(consumer, f"group.id=work-{protocol}")
    producer = _transactional(run, worker, f"work-{worker}")
    run.workers[worker] = Worker(consumer, producer)
    topic, now = run.setup.topic, run.sim.now
    run.sim.call(consumer.id, f"subscribe {topic}", lambda: consumer.subscribe((topic,), now))
    run.workers[worker].go_on(run)


def leave(run: Run, member: str) -> None:
    """The member closes its consumer."""
    node = run.consumers.get(member)
    if node is not None and not node.is_closed:
        run.sim.call(node.id, "close", lambda: node.close(run.sim.now))


def commit(run: Run, member: str) -> None:
    """The member commits its positions."""
    node = run.consumers.get(member)
    if node is not None and not node.is_closed:
        run.sim.call(node.id, "commit", lambda: node.commit(None, False, run.sim.now))


def go_on(run: Run, told: list[Told]) -> None:
    """Applications do what they can do now."""
    take_what_was_read(run, told)
    applications: list[Transactor | Worker] = [*run.transactors.values(), *run.workers.values()]
    for application in applications:
        application.go_on(run)


def take_what_was_read(run: Run, told: list[Told]) -> None:
    """The application behind a scheduled consumer takes records at once and polls on; unread ones would stop it."""
    for consumer in run.consumers.values():
        if consumer.state.buffer and any(one.node == consumer.id for one in told):
            consumer.state.buffer.clear()
            _poll(run, consumer)


def _poll(run: Run, consumer: ConsumerNode) -> None:
    run.sim.call(consumer.id, "~poll", lambda: consumer.poll(True, run.sim.now))
