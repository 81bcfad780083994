"""One client for every broker: what `bench_serve.py` lets it do to ours, to librdkafka's mock cluster, to Apache Kafka.

    python -m benchmarks.wire_client produce BOOTSTRAP TOPIC --count 200000 --size 100
    python -m benchmarks.wire_client consume BOOTSTRAP TOPIC --count 200000
    python -m benchmarks.wire_client steady  BOOTSTRAP TOPIC --rate 100000 --seconds 10 --linger-ms 5
    python -m benchmarks.wire_client mock    --brokers 3         prints bootstrap.servers=... until its input closes

Each prints one line of JSON. confluent-kafka with its defaults, but for what is named here: acks=all, the linger, and
for consuming `queued.min.messages` 1000000, since otherwise the client's own pauses decide.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import struct
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

from confluent_kafka import Consumer, KafkaError, Producer

HEAD = struct.Struct("<QQ")
"""Number of the message; when it was made, in ns of the monotonic clock, which all processes share."""
AT_ONCE = 10_000
PATIENCE_S = 60


def producer(bootstrap: str, linger_ms: float) -> Producer:
    """acks=all is librdkafka's default, and said all the same."""
    return Producer({"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": linger_ms})


def consumer(bootstrap: str) -> Consumer:
    """A consumer that fetches ahead as far as it can."""
    settings = {
        "bootstrap.servers": bootstrap, "group.id": "bench", "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "queued.min.messages": 1_000_000,
    }  # fmt: skip
    return Consumer(settings)


def send(sending: Producer, topic: str, value: bytes) -> None:
    """As soon as there is room for it."""
    while True:
        try:
            sending.produce(topic, value)
        except BufferError:
            sending.poll(0.01)
        else:
            return


def produce(bootstrap: str, topic: str, count: int, size: int, linger_ms: float) -> dict[str, Any]:
    """As fast as it goes, until the last is acknowledged."""
    sending, value = producer(bootstrap, linger_ms), bytes(size)
    sending.list_topics(topic, 30)
    began = time.perf_counter()
    for number in range(count):
        send(sending, topic, value)
        if number % AT_ONCE == 0:
            sending.poll(0)
    assert sending.flush(PATIENCE_S) == 0, "not all were acknowledged"
    return {"per_second": count / (time.perf_counter() - began)}


def consume(bootstrap: str, topic: str, count: int) -> dict[str, Any]:
    """From the first batch that comes to the last message."""
    reading = consumer(bootstrap)
    partitions = reading.list_topics(topic, 30).topics[topic].partitions
    reading.assign([_at_the_beginning(topic, partition) for partition in partitions])
    first = reading.consume(AT_ONCE, PATIENCE_S)
    got, began = len(first), time.perf_counter()
    timed = 0
    while got + timed < count:
        more = reading.consume(AT_ONCE, PATIENCE_S)
        assert more, f"{got + timed} of {count} came"
        timed += len(more)
    took = time.perf_counter() - began
    reading.close()
    return {"per_second": timed / took}


def _at_the_beginning(topic: str, partition: int) -> Any:
    from confluent_kafka import TopicPartition

    return TopicPartition(topic, partition, 0)


def steady(bootstrap: str, topic: str, rate: int, seconds: float, size: int, linger_ms: float) -> dict[str, Any]:
    """A producer at an even pace and a consumer in a process of its own: who got what, and how late."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    total = int(rate * seconds)
    reader = context.Process(target=read_steadily, args=(there, bootstrap, topic, total))
    reader.start()
    assert here.recv() == "ready"
    sending, rest, number = producer(bootstrap, linger_ms), bytes(size - HEAD.size), 0
    sending.list_topics(topic, 30)
    began = time.perf_counter()
    while number < total:
        due = min(total, int((time.perf_counter() - began) * rate) + 1)
        now = time.monotonic_ns()
        for one in range(number, due):
            send(sending, topic, HEAD.pack(one, now) + rest)
        number = due
        sending.poll(0)
        time.sleep(0.001)  # the pace: what falls due meanwhile is sent together
    took = time.perf_counter() - began
    assert sending.flush(PATIENCE_S) == 0, "not all were acknowledged"
    found: dict[str, Any] = here.recv()
    reader.join()
    return {"sent": total, "rate": total / took, **found}


def read_steadily(tell: Connection, bootstrap: str, topic: str, total: int) -> None:
    """Every message once, and its age when the application had it."""
    reading = consumer(bootstrap)
    partitions = reading.list_topics(topic, 30).topics[topic].partitions
    reading.assign([_at_the_beginning(topic, partition) for partition in partitions])
    reading.poll(0.5)
    tell.send("ready")
    ages, seen = [], bytearray(total)
    twice = 0
    unpack = HEAD.unpack_from
    last = time.monotonic()
    while len(ages) - twice < total and time.monotonic() - last < PATIENCE_S / 2:
        first = reading.poll(0.1)  # the first as soon as it is there, and then what has come with it
        for message in [] if first is None else [first, *reading.consume(AT_ONCE, 0)]:
            if message.error():
                assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                continue
            last = time.monotonic()
            number, made = unpack(message.value())
            ages.append(time.monotonic_ns() - made)
            twice += seen[number]
            seen[number] = 1
    reading.close()
    ages.sort()
    percentile = {f"p{part}_ms": ages[int(len(ages) * part / 100)] / 1e6 for part in (50, 99)}
    tell.send({"got": len(ages), "once": sum(seen), "twice": twice, **percentile})


def mock(brokers: int) -> None:
    """librdkafka's mock cluster, which lives in a client."""
    holder = Producer({"test.mock.num.brokers": brokers, "bootstrap.servers": "unused"})
    known = holder.list_topics(timeout=30).brokers.values()
    print("bootstrap.servers=" + ",".join(f"{one.host}:{one.port}" for one in known), flush=True)
    sys.stdin.read()


def main(arguments: list[str]) -> int:
    """One piece of work."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=["produce", "consume", "steady", "mock"])
    parser.add_argument("place", nargs="*", metavar="BOOTSTRAP TOPIC")
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--rate", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--linger-ms", type=float, default=5)
    parser.add_argument("--brokers", type=int, default=3)
    asked = parser.parse_args(arguments)
    if asked.work == "mock":
        mock(asked.brokers)
        return 0
    bootstrap, topic = asked.place
    match asked.work:
        case "produce":
            found = produce(bootstrap, topic, asked.count, asked.size, asked.linger_ms)
        case "consume":
            found = consume(bootstrap, topic, asked.count)
        case _:
            found = steady(bootstrap, topic, asked.rate, asked.seconds, asked.size, asked.linger_ms)
    print(json.dumps(found), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
