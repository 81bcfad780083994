"""Frames that nobody should send, thousands of them: each is refused, others are served meanwhile, and nothing grows.

    python tools/frame_storm.py [--frames 1000] [--seed 2026] [--number 0]

    a size below 0, or above the limit        closed            a wrong checksum            CORRUPT_MESSAGE
    an unknown API, or version of one         closed            records of formats 0 and 1  INVALID_RECORD
    ApiVersions of an unknown version         UNSUPPORTED       a small batch that unpacks
    a size above what comes                   waited for          to 64 MB                  kept, and never opened
    cut short, bits flipped, lengths that lie, noise            closed, or an answer to what it says now

* An even number storms a server with its brokers in one process, an odd one a server of processes.
* Every ten frames another client sends a record, with acks=all; it must be stored at once, and at the end all of them
  are there, once and in order.
* The server ends as it should, has complained of nothing, and at no moment had much more memory than before the storm.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from random import Random
from signal import SIGTERM
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import kill_drill
from kill_drill import CREATE_TOPICS, METADATA, PRODUCE, Client, Drill, until

from minikafka.protocol.records import HEADER_SIZE, build_batch, sealed
from minikafka.server import codec
from minikafka.server.codec import SIZE_BYTES
from minikafka.server.schema import Field, apis
from minikafka.server.versions import API_VERSIONS, SERVED

TOPIC = "storm"
"""One partition on each broker, without a copy."""
LIMIT = 104_857_600
CREATE_PARTITIONS = 37
TOO_POWERFUL = {CREATE_TOPICS, CREATE_PARTITIONS}
"""A flipped bit may ask for a million partitions, and would be right to get them."""
SOON_S = 0.2
CORRUPT_MESSAGE, UNSUPPORTED_VERSION, INVALID_RECORD = 2, 35, 87
MOST_GROWTH_MIB = 48
"""Less than one batch that was unpacked."""
OTHERS_EVERY = 10
LIES = ("7fffffff", "ffffffff", "80000000", "00ffffff", "ffffffff0f", "ffffffff07", "7fff", "ff7f")
"""Lengths as numbers, and as varints."""
PATIENT = ("broker.session.timeout.ms=60000",)
"""On a busy machine no broker is fenced for it; a server that stands still is seen by the other client."""
COMPLAINTS = ("ERROR", "CRITICAL")
CLOSED, WAITED_FOR, ANSWERED = "closed", "waited for", "answered"


class Frame(NamedTuple):
    """What is sent, and what has to come of it."""

    data: bytes
    may: tuple[str, ...] = (CLOSED, ANSWERED, WAITED_FOR)
    error: tuple[int, ...] = ()
    """Of the only partition of an answer to Produce, or of the whole answer."""


# --- what is sent ---


class Maker:
    """Well-formed requests with random content, and what can be done to them."""

    def __init__(self, random: Random, broker: int) -> None:
        self.random = random
        self.broker = broker

    def any_request(self) -> bytes:
        """Of an API and version that are served."""
        key = self.random.choice([key for key in SERVED if key not in TOO_POWERFUL])
        return self.request(key, self.random.choice(SERVED[key]))

    def request(self, key: int, version: int) -> bytes:
        """Of this one."""
        return codec.request_frame(key, version, self.number(), "storm", self.group(apis()[key].request, version))

    def number(self) -> int:
        """Of a question."""
        return self.random.randrange(1 << 31)

    def group(self, fields: Iterable[Field], version: int) -> dict[str, Any]:
        """Every field of this version."""
        return {field.name: self.value(field, version) for field in fields if version in field.versions}

    def value(self, field: Field, version: int) -> Any:
        """One field."""
        if field.name == "allow_auto_topic_creation":
            return False
        if version in field.nullable and self.random.random() < 0.2:
            return None
        if field.is_array:
            return [self.value(field.element(), version) for _ in range(self.random.randrange(3))]
        return self.group(field.fields, version) if field.fields else self.leaf(field.type)

    def leaf(self, kind: str) -> Any:
        """A number, a text, some bytes."""
        if kind == "bool":
            return self.random.random() < 0.5
        if kind in ("string", "bytes", "uuid"):
            some = self.random.randbytes(16)
            return some.hex()[: self.random.randrange(32)] if kind == "string" else some
        return self.random.choice([0 if kind == "uint16" else -1, 0, 1, self.random.randrange(100)])

    def produce(self, records: bytes) -> bytes:
        """To the partition that this broker leads."""
        data = [{"name": TOPIC, "partition_data": [{"index": self.broker - 1, "records": records}]}]
        body = {"transactional_id": None, "acks": 1, "timeout_ms": 5_000, "topic_data": data}
        return codec.request_frame(PRODUCE, 9, self.number(), "storm", body)

    def batch(self) -> bytes:
        """A right one."""
        return build_batch([(1_000, b"key", self.random.randbytes(self.random.randrange(50)), ())]).data

    def somewhere(self, data: bytes, first: int = SIZE_BYTES) -> int:
        """A place in it."""
        return self.random.randrange(first, len(data))


def sized(message: bytes) -> bytes:
    """With its size before it."""
    return len(message).to_bytes(SIZE_BYTES, "big") + message


def overwritten(data: bytes, place: int, with_what: bytes) -> bytes:
    """As long as before."""
    return (data[:place] + with_what + data[place + len(with_what) :])[: len(data)]


def negative_size(make: Maker) -> Frame:
    """Below 0."""
    size = make.random.randrange(-(1 << 31), 0)
    return Frame(size.to_bytes(SIZE_BYTES, "big", signed=True) + make.any_request(), (CLOSED,))


def too_large(make: Maker) -> Frame:
    """Above `socket.request.max.bytes`."""
    size = make.random.randrange(LIMIT + 1, 1 << 31)
    return Frame(size.to_bytes(SIZE_BYTES, "big") + make.any_request(), (CLOSED,))


def more_than_comes(make: Maker) -> Frame:
    """The server waits for the rest, which never comes."""
    message = make.any_request()[SIZE_BYTES:]
    size = len(message) + make.random.randrange(1, 1_000_000)
    return Frame(size.to_bytes(SIZE_BYTES, "big") + message, (WAITED_FOR,))


def cut(make: Maker) -> Frame:
    """Anywhere, and its size says so."""
    data = make.any_request()
    return Frame(sized(data[SIZE_BYTES : make.somewhere(data)]))


def flipped(make: Maker) -> Frame:
    """One to eight bits."""
    data = bytearray(make.any_request())
    for _ in range(make.random.randrange(1, 9)):
        data[make.somewhere(data)] ^= 1 << make.random.randrange(8)
    return Frame(bytes(data))


def noise(make: Maker) -> Frame:
    """The header of a request that is served, and then anything."""
    data = make.any_request()
    return Frame(data[:12] + make.random.randbytes(len(data) - 12))


def unknown_key(make: Maker) -> Frame:
    """An API that there is not, or not here."""
    key = make.random.choice([key for key in range(-100, 1_000) if key not in SERVED])
    return Frame(overwritten(make.any_request(), SIZE_BYTES, key.to_bytes(2, "big", signed=True)), (CLOSED,))


def unknown_version(make: Maker) -> Frame:
    """Of an API that there is; ApiVersions alone is answered, so that the client learns which there are."""
    key = make.random.choice(list(SERVED))
    version = make.random.choice([one for one in range(-5, 50) if one not in SERVED[key]])
    data = overwritten(make.request(key, SERVED[key][-1]), SIZE_BYTES + 2, version.to_bytes(2, "big", signed=True))
    return Frame(data, (ANSWERED,), (UNSUPPORTED_VERSION,)) if key == API_VERSIONS else Frame(data, (CLOSED,))


def wrong_checksum(make: Maker) -> Frame:
    """Of a batch: a bit behind its checksum, or of it, is another one."""
    batch = bytearray(make.batch())
    batch[make.somewhere(batch, 17)] ^= 1 << make.random.randrange(8)
    return Frame(make.produce(bytes(batch)), (ANSWERED,), (CORRUPT_MESSAGE,))


def old_format(make: Maker) -> Frame:
    """Records of formats 0 and 1, as clients wrote them before 0.11."""
    magic = make.random.randrange(2)
    value = make.random.randbytes(20)
    head = bytes([magic, 0]) + (bytes(8) if magic else b"")
    message = make.random.randbytes(4) + head + b"\xff\xff\xff\xff" + len(value).to_bytes(4, "big") + value
    return Frame(make.produce(bytes(8) + sized(message)), (ANSWERED,), (INVALID_RECORD,))


def lying_length(make: Maker) -> Frame:
    """Somewhere in a request stands a number that is too large to be a length, or below 0."""
    data = make.any_request()
    return Frame(overwritten(data, make.somewhere(data, 12), bytes.fromhex(make.random.choice(LIES))))


def lying_head(make: Maker) -> Frame:
    """Of a batch: its length or its number of records is another one, and its checksum is right."""
    batch = bytearray(make.batch())
    place = make.random.choice([8, 23, 57])
    batch[place : place + 4] = make.random.randbytes(4)
    data = bytes(batch) if place == 8 else sealed(batch).data
    return Frame(make.produce(data), (ANSWERED,), (INVALID_RECORD, CORRUPT_MESSAGE))


def lying_record(make: Maker) -> Frame:
    """Its length is another one, and the checksum of the batch is right: the broker opens no record, and keeps it."""
    batch = bytearray(make.batch())
    batch[HEADER_SIZE] ^= make.random.randrange(1, 256)
    return Frame(make.produce(sealed(batch).data), (ANSWERED,), (0,))


def bomb(make: Maker) -> Frame:
    """Small, and 64 MB when somebody unpacks it."""
    head = bytearray(make.batch()[:HEADER_SIZE])
    packed = packed_zeros()
    head[8:12] = (HEADER_SIZE - 12 + len(packed)).to_bytes(4, "big")
    head[21:23] = make.random.randrange(1, 5).to_bytes(2, "big")
    return Frame(make.produce(sealed(head + packed).data), (ANSWERED,), (0,))


@cache
def packed_zeros() -> bytes:
    """64 MB, packed."""
    return gzip.compress(bytes(64 << 20), 9)


KINDS: dict[str, Callable[[Maker], Frame]] = {
    "a size below 0": negative_size,
    "a size above the limit": too_large,
    "a size above what comes": more_than_comes,
    "cut short": cut,
    "bits flipped": flipped,
    "noise behind the header": noise,
    "an API that there is not": unknown_key,
    "a version that there is not": unknown_version,
    "a wrong checksum": wrong_checksum,
    "records of formats 0 and 1": old_format,
    "a length that lies": lying_length,
    "a batch whose head lies": lying_head,
    "a record whose length lies": lying_record,
    "64 MB, packed": bomb,
}


# --- what comes of it ---


def reaction(address: tuple[str, int], frame: Frame) -> tuple[str, bytes]:
    """What the server does about a frame: closes, waits, or answers with these bytes."""
    client = Client(address)
    client.socket.settimeout(SOON_S if WAITED_FOR in frame.may else kill_drill.PATIENCE_S)
    try:
        client.socket.sendall(frame.data)
        return ANSWERED, client.frame()
    except TimeoutError:
        return WAITED_FOR, b""
    except OSError:
        return CLOSED, b""
    finally:
        client.socket.close()


def judge(frame: Frame, came: str, answer: bytes) -> None:
    """Is that what has to come of it?"""
    assert came in frame.may, f"{came}, and not {' or '.join(frame.may)}"
    if came != ANSWERED:
        return
    key, version = (int.from_bytes(frame.data[at : at + 2], "big", signed=True) for at in (4, 6))
    is_fallback = key == API_VERSIONS and version not in SERVED[key]
    number, body = codec.decode_response(key, 0 if is_fallback else version, answer)
    assert number == int.from_bytes(frame.data[8:12], "big", signed=True), "an answer to another question"
    if frame.error:
        error = body["error_code"] if key == API_VERSIONS else error_of(body)
        assert error in frame.error, f"answered with error {error}, and not {frame.error}"


def error_of(produced: dict[str, Any]) -> int:
    """Of the one partition."""
    error: int = produced["responses"][0]["partition_responses"][0]["error_code"]
    return error


def memory_mib(pid: int) -> float:
    """The most that a process and its children have had at a time, each by itself; 0 where the system does not tell."""
    path = Path(f"/proc/{pid}/status")
    if not path.exists():
        return 0.0
    status = path.read_text()
    children = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True).stdout.split()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return (int(found[1]) / 1024 if found else 0.0) + sum(memory_mib(int(child)) for child in children)


# --- a storm ---


class Storm:
    """One server, and what was done to it."""

    def __init__(self, drill: Drill) -> None:
        self.drill = drill
        self.came: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        self.longest_s = 0.0
        """That the other client has waited for an answer."""
        self.early_mib = 0.0
        """Its memory, before the first frame."""

    def begin(self) -> None:
        """Topics for both clients."""
        placed = [{"partition_index": number, "broker_ids": [number + 1]} for number in range(3)]
        new = {"name": TOPIC, "num_partitions": -1, "replication_factor": -1, "assignments": placed, "configs": []}
        body = {"topics": [new], "timeout_ms": 20_000, "validate_only": False}
        self.drill.create()
        Client(self.drill.addresses[0]).ask(CREATE_TOPICS, 5, body)
        until(self._is_led, "leaders of all partitions")
        self.drill.confirm()
        self.other = Client(self.drill.addresses[self.drill.leader() - 1])
        self.early_mib = self.memory_mib()

    def _is_led(self) -> bool:
        known = [
            Client(address).ask(METADATA, 9, {"topics": [{"name": TOPIC}]})["topics"][0]
            for address in self.drill.addresses
        ]
        return all(len(one["partitions"]) == 3 and not one["error_code"] for one in known)

    def blow(self, frames: int) -> None:
        """All kinds in turn."""
        for number in range(frames):
            kind = list(KINDS)[number % len(KINDS)]
            broker = self.drill.random.randrange(1, 4)
            frame = KINDS[kind](Maker(self.drill.random, broker))
            came, answer = reaction(self.drill.addresses[broker - 1], frame)
            try:
                judge(frame, came, answer)
            except AssertionError as wrong:
                raise AssertionError(f"frame {number}, {kind}: {wrong}: {frame.data[:200].hex()}") from wrong
            self.came[kind][came] += 1
            if number % OTHERS_EVERY == 0:
                self.let_the_other_speak()

    def let_the_other_speak(self) -> None:
        """One record, stored at once."""
        began, number = time.monotonic(), self.drill.sent
        self.drill.sent += 1
        error = error_of(self.other.ask(PRODUCE, 9, kill_drill.produced(number)))
        assert error == 0, f"the other client was refused: {error}"
        self.drill.acknowledged.append(number)
        self.longest_s = max(self.longest_s, time.monotonic() - began)

    def memory_mib(self) -> float:
        """Of the server."""
        return memory_mib(self.drill.process.pid) if self.drill.process else 0.0


def storms(seed: int, number: int, frames: int) -> dict[str, Any]:
    """One server in a storm; raises `AssertionError` when something is not as it should be."""
    with tempfile.TemporaryDirectory(prefix="mk-") as folder:
        drill = Drill(seed, number, Path(folder) / "data")
        drill.words, drill.settings = ("--log-format", "json"), PATIENT
        log = Path(folder) / "log"
        with log.open("wb") as drill.says_to:
            drill.start()
            storm = Storm(drill)
            try:
                storm.begin()
                storm.blow(frames)
                drill.judge()
                grown = storm.memory_mib() - storm.early_mib
                drill.end(SIGTERM)
            finally:
                if drill.process is not None and drill.process.poll() is None:
                    drill.end()
        assert drill.process is not None and drill.process.returncode == 0, "the server has not ended as it should"
        complaints = complaints_in(log.read_text("utf-8"))
    assert not complaints, f"the server has complained: {complaints[:3]}"
    assert grown < MOST_GROWTH_MIB, f"its memory has grown by {grown:.0f} MiB"
    return {
        "frames": frames, "processes": drill.with_processes, "came": {kind: dict(n) for kind, n in storm.came.items()},
        "others": len(drill.acknowledged), "longest_ms": round(1_000 * storm.longest_s), "grown_mib": round(grown, 1),
    }  # fmt: skip


def complaints_in(log: str) -> list[str]:
    """Lines that tell of a mistake of the server's own; a line that is no JSON is one."""
    return [line for line in log.splitlines() if not line.startswith("{") or json.loads(line)["level"] in COMPLAINTS]


if __name__ == "__main__":
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--frames", type=int, default=1_000)
    said.add_argument("--seed", type=int, default=2026)
    said.add_argument("--number", type=int, default=0)
    options = said.parse_args()
    print(storms(options.seed, options.number, options.frames))
