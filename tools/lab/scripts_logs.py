"""Scripts about one log: offsets that stay, a beginning that moves, readers that fall behind it, keys and times."""

from __future__ import annotations

from typing import Any

from lab.base import Lab, Script


def a_log_not_a_queue(lab: Lab) -> dict[str, Any]:
    """Lesson 1: write, read twice, delete the beginning, read again; compaction; a crash keeps the end."""
    lab.topic("l01-orders", (1, 2, 3))
    producer = lab.producer(acks="all", linger_ms=0)
    written = lab.send(producer, "l01-orders", *(f"o{number}" for number in range(9)))
    twice = [lab.read_log("l01-orders") for _ in range(2)]
    deleted = lab.admin.delete_records([lab.partition("l01-orders", 0, 4)])
    low = next(iter(deleted.values())).result(30).low_watermark
    answers: dict[str, Any] = {"written": written, "read twice, the same": twice[0] == twice[1], "low": low}
    for policy in ("earliest", "latest", "none"):
        reader = lab.consumer("reads-at", auto_offset_reset=policy)
        reader.assign([lab.partition("l01-orders", 0, 1)])
        if policy == "latest":
            answers["read at 1, latest"] = lab.read_nothing(reader, 2)
        else:
            answers[f"read at 1, {policy}"] = lab.read(reader, 5 if policy == "earliest" else 1)
    bounds = lab.bounds("l01-orders")
    lab.strike("crash", 1)
    lab.until_led_by("l01-orders", 2)
    lab.strike("restart", 1)
    lab.until_led_by("l01-orders", 2, [1, 2, 3])
    return answers | {"bounds": bounds, "bounds after the crash": lab.bounds("l01-orders")}


def newest_of_each_key(lab: Lab) -> dict[str, Any]:
    """Lesson 1: a compacted topic keeps the newest value of each key, at its offset."""
    lab.topic(
        "l01-prices", (1, 2, 3), cleanup_policy="compact", min_cleanable_dirty_ratio="0.01", segment_ms="500",
        delete_retention_ms="86400000",
    )  # fmt: skip
    producer = lab.producer(acks="all", linger_ms=0)
    for number, key in enumerate(["tea", "rum", "tea", "gin", "rum", "tea"]):
        lab.send(producer, "l01-prices", f"{key}{number}", key=key)
    lab.wait(1)
    lab.send(producer, "l01-prices", "closed1", key="till")
    lab.wait(1)
    lab.send(producer, "l01-prices", "open", key="till")
    kept = [[3, "gin3"], [4, "rum4"], [5, "tea5"]]
    lab.until(lambda: lab.read_log("l01-prices")[:3] == kept, "compaction")
    return {"kept": lab.read_log("l01-prices")[:3], "end": lab.bounds("l01-prices")[1]}


def written_not_readable(lab: Lab) -> dict[str, Any]:
    """Lesson 4: a follower stands still; what is written cannot be read before it, or the ISR, has moved."""
    lab.topic("l04-orders", (1, 2, 3))
    producer = lab.producer(acks="all", linger_ms=0)
    first = lab.send(producer, "l04-orders", "tea")
    reader = lab.consumer("reads-on")
    reader.assign([lab.partition("l04-orders", 0, 0)])
    seen = lab.read(reader, 1)
    lab.strike("pause", 3)
    told: list[Any] = []
    for value in ("rum", "gin"):
        producer.produce(
            "l04-orders", value=value, partition=0,
            on_delivery=lambda error, message: told.append([lab.name_of(error), message.offset()]),
        )  # fmt: skip
    producer.poll(0.1)
    meanwhile = lab.read_nothing(reader, 3)
    answered_meanwhile = len(told)
    lab.strike("resume", 3)
    producer.flush(30)
    return {
        "first": first,
        "read before": seen,
        "read while a follower stands still": meanwhile,
        "answered while a follower stands still": answered_meanwhile,
        "answered": told,
        "read after": lab.read(reader, 2),
        "ISR": lab.until_led_by("l04-orders", 1, [1, 2, 3]).isr,
        "bounds": lab.bounds("l04-orders"),
    }


def lag_that_healed(lab: Lab) -> dict[str, Any]:
    """Lesson 14: the log's beginning passes a committed offset; three policies, three ways to go on."""
    lab.topic("l14-mail", (1, 2, 3))
    lab.send(lab.producer(acks="all", linger_ms=0), "l14-mail", *(f"m{number}" for number in range(40)))
    answers: dict[str, Any] = {}
    for policy in ("earliest", "latest", "none"):
        group = f"l14-{policy}"
        reader = lab.consumer(group, auto_offset_reset=policy)
        reader.assign([lab.partition("l14-mail", 0, 0)])
        lab.read(reader, 20)
        reader.commit(offsets=[lab.partition("l14-mail", 0, 20)], asynchronous=False)
        reader.close()
        lab.opened.remove(reader)
    lab.admin.delete_records([lab.partition("l14-mail", 0, 32)])
    lab.until(lambda: lab.bounds("l14-mail")[0] == 32, "a later beginning")
    producer = lab.producer(acks="all", linger_ms=0)
    for policy in ("earliest", "latest", "none"):
        reader = lab.consumer(f"l14-{policy}", auto_offset_reset=policy)
        reader.assign([lab.partition("l14-mail", 0)])
        (committed,) = reader.committed([lab.partition("l14-mail", 0)], timeout=30)
        low, high = lab.bounds("l14-mail")
        answers[f"{policy}: committed, start, lag"] = [committed.offset, low, high - committed.offset]
        if policy == "latest":
            answers["latest: comes by itself"] = lab.read_nothing(reader, 2)
            lab.send(producer, "l14-mail", "new")
        answers[f"{policy}: first"] = lab.read(reader, 1)[0]
    return answers


def keys_and_partitions(lab: Lab) -> dict[str, Any]:
    """Which partition a key goes to, with the Java client's partitioner; order within each."""
    lab.topic("keys", *[(1, 2, 3)] * 4)
    producer = lab.producer(acks="all", linger_ms=0, partitioner="murmur2_random")
    keys = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"]
    told: dict[str, int] = {}
    for turn in range(2):
        for key in keys:
            producer.produce(
                "keys", value=f"{key}{turn}", key=key,
                on_delivery=lambda error, message: told.update({message.key().decode(): message.partition()}),
            )  # fmt: skip
            producer.flush(30)
    return {"partition of key": told, "logs": [lab.read_log("keys", number) for number in range(4)]}


def times_and_offsets(lab: Lab) -> dict[str, Any]:
    """The first record at or after a time, when times are not in order."""
    lab.topic("times", (1, 2, 3), message_timestamp_before_max_ms="9223372036854775807")
    producer = lab.producer(acks="all", linger_ms=0)
    for time in (1_000, 3_000, 2_000, 4_000):
        producer.produce("times", value=str(time), partition=0, timestamp=time)
        producer.flush(30)
    reader = lab.consumer("times")
    wanted = (1, 1_000, 1_001, 2_500, 3_001, 4_001)
    found = {}
    for time in wanted:
        (answer,) = reader.offsets_for_times([lab.partition("times", 0, time)], timeout=30)
        found[str(time)] = answer.offset
    return {"first offset at or after": found, "bounds": lab.bounds("times")}


SCRIPTS = (
    Script("01_log", "A log, not a queue", a_log_not_a_queue, faults=("crash", "restart")),
    Script("01_compaction", "The newest of each key", newest_of_each_key),
    Script("04_high_watermark", "Written, not readable", written_not_readable, faults=("pause",)),
    Script("14_lag", "The lag that healed itself", lag_that_healed),
    Script("keys", "Keys and partitions", keys_and_partitions),
    Script("times", "Times and offsets", times_and_offsets),
)
