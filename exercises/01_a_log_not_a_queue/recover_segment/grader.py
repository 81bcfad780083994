"""01/recover_segment: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

from minikafka.grading.write import Directed, Example, Mistake, Write, Wrong, WrongShape
from minikafka.log.segment import Segment
from minikafka.protocol.crc32c import crc32c
from minikafka.protocol.records import RecordBatch, build_batch, split_batches, with_records
from minikafka.sim.schedule import Setup, schedule

HEADER_BYTES = 61
FIRST_BYTES = 12
"""Base offset and length; the length counts what comes behind them."""


class Question(NamedTuple):
    data: bytes
    segment_base_offset: int


REQUIREMENTS = {
    "R1": "A batch is good if its length is at least 49, all its bytes are there, its magic is 2, and its CRC fits.",
    "R2": "The first one that is not good ends the log, whatever follows it; what stands before it is kept.",
    "R3": "next is base offset + lastOffsetDelta + 1 of the last good batch; without one, segment_base_offset.",
    "R4": "Holes between batches and inside them are no reason to cut.",
}


def recover_segment(data: bytes, segment_base_offset: int) -> tuple[int, int]:
    """What the requirements say."""
    valid, next_offset = 0, segment_base_offset
    while len(data) - valid >= HEADER_BYTES:
        base, length, _, magic, crc, _, delta = struct.unpack_from(">qiibIhi", data, valid)
        end = valid + FIRST_BYTES + length
        if length < HEADER_BYTES - FIRST_BYTES or end > len(data) or magic != 2:
            break
        if crc32c(data[valid + 21 : end]) != crc:
            break
        valid, next_offset = end, base + delta + 1
    return valid, next_offset


def inside(decide: Callable[..., Any]) -> Mapping[str, Callable[..., Any]]:
    """A file of a topic that asks `decide` how much of it may be believed after a crash."""
    ours = Segment.recover

    def recover(self: Segment) -> list[RecordBatch]:
        if self.stem.startswith("__"):
            return ours(self)
        data = self.disk.read(self.path, 0, self.disk.size(self.path))
        valid, next_offset = decide(data, self.base_offset)
        self.offset_index.keep(0)
        self.time_index.keep(0)
        self._rewrite_aborted([])
        batches = list(split_batches(data[:valid]))
        for batch in batches:
            self._note(batch)
        if valid < len(data):
            self.disk.truncate(self.path, valid)
        self.next_offset = next_offset
        if batches:
            self.time_index.note(self.max_timestamp_ms, self._offset_of_max - self.base_offset)
        return batches

    return {"minikafka.log.segment:Segment.recover": recover}


def rule(question: Question) -> str:
    """Which requirement decides."""
    valid, _ = recover_segment(*question)
    return "R1" if valid < len(question.data) else "R3"


def accept(question: Question, came: Any) -> tuple[int, int]:
    """A number of bytes of this file, and an offset."""
    if not isinstance(came, (tuple, list)) or [type(one) for one in came] != [int, int]:
        raise WrongShape("a tuple (valid bytes, next offset) of two ints")
    if not 0 <= came[0] <= len(question.data):
        raise WrongShape(f"a number of bytes from 0 to {len(question.data)}, and an offset")
    return tuple(came)


# --- files to recover ---


def batch(base: int, count: int = 1, kept: int | None = None, value: bytes = b"v", *, in_one: bool = False) -> bytes:
    """A batch made with `count` records, perhaps `in_one` transaction; compaction has left the first `kept`."""
    made = build_batch([(0, b"k", value, ())] * count, base_offset=base, leader_epoch=0, transactional=in_one)
    return made.data if kept is None else with_records(made, list(made.records())[:kept], None).data


def flipped(data: bytes, place: int) -> bytes:
    """The file with one bit of one byte wrong."""
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def with_length(data: bytes, length: int) -> bytes:
    """The file whose first batch says that it is so long."""
    return data[:8] + struct.pack(">i", length) + data[12:]


def with_magic(data: bytes, magic: int) -> bytes:
    """The file whose first batch is of another format. No CRC covers that."""
    return data[:16] + bytes([magic]) + data[17:]


def too_short(data: bytes, length: int) -> bytes:
    """The file whose first batch says that it is so long, and has the CRC of that."""
    crc = crc32c(data[21 : FIRST_BYTES + length])
    return with_length(data[:17] + struct.pack(">I", crc) + data[21:], length)


def draw(random: Random) -> Question:
    """Up to four batches, whole, torn, flipped, of other formats, with zeros or another batch behind the damage."""
    base = start = random.choice((0, 0, 4, 40))
    parts: list[bytes] = []
    for _ in range(random.randint(0, 4)):
        base += random.choice((0, 0, 2))
        count = random.choice((1, 1, 3))
        left, value = random.choice((None, None, 1, 0)), random.choice((b"v", b"tea"))
        parts.append(batch(base, count, left, value, in_one=random.random() < 0.3))
        base += count
    data = b"".join(parts)
    match random.randrange(9):  # 8 leaves it whole
        case 0 | 1 if data:
            data = data[: random.randrange(len(data))]
        case 2 | 3 if data:
            first = random.choice(parts)
            covered = (*range(8, 12), *range(16, len(first)))  # No CRC covers base offset and epoch.
            data = flipped(data, data.index(first) + random.choice(covered))
        case 4:
            data += bytes(random.choice((1, 30, 61, 100)))
        case 5 if data:
            data = with_length(data, random.choice((-12, 0, 48, 1 << 30)))
        case 6 if data:
            data = with_magic(data, random.choice((0, 1, 3)))
        case 7 if data:
            data = too_short(data, random.choice((9, 30, 48)))
    return Question(data, start)


SHEET = bytes.fromhex(
    "0000000000000000 0000003a 00000000 02 e99b8dd8 0000 00000000 0000018bcfe56800 0000018bcfe56800"
    "ffffffffffffffff ffff ffffffff 00000001 10000000026b027600"
)
"""One record, as Apache Kafka 4.4.0 writes it."""
TWO = batch(0) + batch(1)
HOLE = batch(0, 3, 1)
LATE = SHEET[:8] + SHEET[8:12] + struct.pack(">i", 7) + SHEET[16:]
"""The same batch in leader epoch 7: its CRC does not change."""

EXAMPLES = (
    Example(Question(b"", 40), (0, 40)),
    Example(Question(SHEET, 0), (70, 1)),
    Example(Question(SHEET[:69], 0), (0, 0)),
    Example(Question(SHEET + bytes(61), 0), (70, 1)),
    Example(Question(LATE, 0), (70, 1)),
)


def one(seed: int = 0) -> Setup:
    """One broker, and another bit."""
    return Setup(brokers=1, replicas=(1,), min_isr=1, seed=seed)


XY = ((0, "send", "x"), (500, "send", "y"))
AGAIN = (12_000, "restart", 1)

DIRECTED = (
    Directed("torn", "keeps_the_torn", schedule((0, "send", "x"), (1_000, "tear", 1), AGAIN), one()),
    Directed("flipped", "trust_length", schedule((0, "send", "x"), (1_000, "flip", 1), AGAIN), one(), promise="I13"),
    Directed("torn behind a good one", "drop_all", schedule(*XY, (1_000, "tear", 1), AGAIN), one()),
    Directed("crashed", "crc_over_all", schedule((0, "send", "x"), (1_000, "crash", 1), AGAIN), one()),
    Directed("good behind a bad one", "resync", schedule(*XY, (1_000, "flip", 1), AGAIN), one()),
)


def _kept(wrong: Wrong) -> str:
    return f"Good are {wrong.expected[0]} of {len(wrong.question.data)} bytes, and you keep {wrong.got[0]}"


MISTAKES = (
    Mistake(
        "crc_over_all", "R1",
        lambda wrong: "The CRC covers byte 21 to the end. Base offset and leader epoch are stamped by the leader, "
        "long after the producer computed it. You cut good batches.",
        when=lambda question, got, expected: got[0] < expected[0],
        answers=((Question(SHEET, 0), (0, 0)), (Question(TWO, 0), (0, 0))),
    ),
    Mistake(
        "keeps_the_torn", "R1",
        lambda wrong: f"{_kept(wrong)}. The last write stopped in its middle: nobody will ever complete it, and "
        "nobody can read it.",
        answers=((Question(TWO[:-1], 0), (len(TWO) - 1, 2)),),
    ),
    Mistake(
        "trust_length", "R1",
        lambda wrong: f"{_kept(wrong)}. All the bytes are there, and one of them is wrong. Only the CRC knows, and "
        "you serve it.",
        answers=((Question(flipped(SHEET, 66), 0), (70, 1)),),
    ),
    Mistake(
        "resync", "R2",
        lambda wrong: f"{_kept(wrong)}: a good batch behind a bad one. Keep it, and the log has a hole where a record "
        "was; a log is what was written, up to some place.",
        answers=((Question(flipped(TWO, 66), 0), (len(TWO), 2)), (Question(SHEET, 0), (70, 1))),
    ),
    Mistake(
        "drop_all", "R2",
        lambda wrong: f"{_kept(wrong)}. What stands before the damage is whole, and stays.",
        answers=((Question(TWO[:-1], 0), (0, 0)), (Question(TWO, 0), (len(TWO), 2))),
    ),
    Mistake(
        "count_records", "R3",
        lambda wrong: f"Next is {wrong.expected[1]}, you said {wrong.got[1]}. Compaction took records out of the "
        "last batch; its offsets are still taken. lastOffsetDelta knows.",
        answers=((Question(HOLE, 0), (len(HOLE), 1)),),
        only_asked="only closed files have holes, and a crash looks at the open one",
    ),
    Mistake(
        "holes_are_damage", "R4",
        lambda wrong: f"{_kept(wrong)}. An offset is missing because compaction took its record. The bytes are fine.",
        answers=((Question(batch(0) + batch(5), 0), (len(batch(0)), 1)),),
        only_asked="only closed files have holes, and a crash looks at the open one",
    ),
)  # fmt: skip

EXERCISE = Write(
    order=4,
    function="recover_segment",
    place="minikafka.log.segment:Segment.recover",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    drawn=800,
    explored=(Setup(),),
    schedules=3,
    reference=recover_segment,
    fit=inside,
)
