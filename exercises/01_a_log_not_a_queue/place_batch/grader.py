"""01/place_batch: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

from minikafka.grading.write import Directed, Example, Mistake, Write, Wrong, WrongShape
from minikafka.log.partition_log import PartitionLog
from minikafka.protocol.records import RecordBatch
from minikafka.sim.schedule import Setup, schedule
from minikafka.types import Epoch


class Question(NamedTuple):
    log_end_offset: int
    file_bytes: int
    record_count: int
    size_bytes: int
    segment_limit_bytes: int


REQUIREMENTS = {
    "R1": "base is log_end_offset: the first record gets the next offset of the log.",
    "R2": "last is the offset of the last of record_count records; they get offsets without a gap.",
    "R3": "rolled says whether file_bytes + size_bytes is more than segment_limit_bytes; an empty file never rolls.",
    "R4": "position is where the batch begins in its file: 0 in a new file, else behind all that is there.",
}


def place_batch(
    log_end_offset: int, file_bytes: int, record_count: int, size_bytes: int, segment_limit_bytes: int
) -> tuple[int, int, int, bool]:
    """What the requirements say."""
    rolled = file_bytes > 0 and file_bytes + size_bytes > segment_limit_bytes
    return log_end_offset, log_end_offset + record_count - 1, 0 if rolled else file_bytes, rolled


def inside(decide: Callable[..., Any]) -> Mapping[str, Callable[..., Any]]:
    """A leader that asks `decide` where each batch of a topic goes."""
    ours = PartitionLog.append_as_leader

    def append_as_leader(self: PartitionLog, batch: RecordBatch, leader_epoch: Epoch) -> RecordBatch:
        if self.directory.startswith("__"):
            return ours(self, batch, leader_epoch)
        base, last, position, rolled = decide(
            self.log_end_offset, self.segments.active.size, batch.last_offset_delta + 1, len(batch.data),
            self.config.segment_bytes,
        )  # fmt: skip
        stamped = batch.stamped(base, leader_epoch)
        if rolled:
            self.roll()
        self.segments.active.append(stamped)
        begins = self.segments.active.size - len(batch.data)
        assert position == begins, f"the log looks for offset {base} at byte {position}, and it is at {begins}"
        self.log_end_offset = last + 1
        self.epochs.assign(leader_epoch, base)
        self._note_producer(stamped)
        if stamped.is_transactional:
            self._tell_transactions(stamped)
        return stamped

    return {"minikafka.log.partition_log:PartitionLog.append_as_leader": append_as_leader}


def rule(question: Question) -> str:
    """Which requirement decides: the others are the same for all."""
    return "R3" if question.file_bytes + question.size_bytes > question.segment_limit_bytes else "R2"


def accept(question: Question, came: Any) -> tuple[int, int, int, bool]:
    """Three numbers and a truth."""
    if isinstance(came, (tuple, list)) and [type(one) for one in came] == [int, int, int, bool]:
        return tuple(came)
    raise WrongShape("a tuple (base, last, position, rolled) of three ints and a bool")


def draw(random: Random) -> Question:
    """Files that are empty, that have room, that are full to the byte, and a batch that is larger than any file."""
    limit, size = random.choice((400, 1_000)), random.choice((80, 100, 100, 250, 1_200))
    file = random.choice((0, 0, 1, 100, limit - size, limit - size + 1, limit - 1, limit))
    return Question(random.choice((0, 1, 4, 8, 9, 812)), max(file, 0), random.choice((1, 1, 2, 3, 7)), size, limit)


EXAMPLES = (
    Example(Question(4, 300, 1, 100, 400), (4, 4, 300, False)),
    Example(Question(4, 301, 1, 100, 400), (4, 4, 0, True)),
    Example(Question(5, 0, 3, 500, 400), (5, 7, 0, False)),
)

ONE = Setup(brokers=1, replicas=(1,), min_isr=1)
SMALL = Setup(brokers=1, replicas=(1,), min_isr=1, settings=(("log.segment.bytes", "140"),))
FULL = Setup(brokers=1, replicas=(1,), min_isr=1, settings=(("log.segment.bytes", "138"),))
"""Two batches of 69 bytes fill a file to the byte."""

DIRECTED = (
    Directed("one record", "last_is_next", schedule((0, "send", "x"))),
    Directed("the next record", "counts_from_one", schedule((0, "send", "x"))),
    Directed("two batches", "offset_is_position", schedule((0, "send", "x"), (500, "send", "y")), ONE),
    Directed("full to the byte", "roll_at_equal", schedule((0, "send", "x"), (500, "send", "y")), FULL),
    Directed(
        "one too many", "rolls_too_late", schedule((0, "send", "x"), (500, "send", "y"), (1_000, "send", "z")), SMALL
    ),
    Directed(
        "a third batch", "old_position", schedule((0, "send", "x"), (500, "send", "y"), (1_000, "send", "z")), SMALL
    ),
)


def _end(wrong: Wrong) -> tuple[int, int]:
    return wrong.question.log_end_offset, wrong.question.log_end_offset + wrong.question.record_count - 1


def _last_is_next(wrong: Wrong) -> str:
    base, last = _end(wrong)
    return f"Count them: {wrong.question.record_count} from {base} on end at {last}; {last + 1} is the next one's."


MISTAKES = (
    Mistake(
        "rolls_an_empty_file", "R3",
        lambda wrong: "The file is empty, and the batch is larger than the limit. A new file would be as empty: "
        "each batch would leave one behind.",
        when=lambda question, got, expected: question.file_bytes == 0 and got[3] and not expected[3],
        only_asked="a leader refuses what is larger than a file",
    ),
    Mistake(
        "offset_is_position", "R1",
        lambda wrong: "An offset counts records, a position counts bytes. Readers ask by offset; the file is cut by "
        "bytes.",
        when=lambda question, got, expected: question.file_bytes not in (0, expected[0])
        and got[0] == question.file_bytes,
    ),
    Mistake(
        "counts_from_one", "R1",
        lambda wrong: f"The log ends at {wrong.question.log_end_offset}: that is the next free offset, and the first "
        "one of all is 0.",
        when=lambda question, got, expected: got[0] == expected[0] + 1,
    ),
    Mistake(
        "last_is_next", "R2", _last_is_next,
        when=lambda question, got, expected: got[0] == expected[0] and got[1] == expected[1] + 1,
    ),
    Mistake(
        "roll_at_equal", "R3",
        lambda wrong: f"{wrong.question.file_bytes} and {wrong.question.size_bytes} of "
        f"{wrong.question.segment_limit_bytes} bytes: that fits to the byte.",
        when=lambda question, got, expected: got[3] and not expected[3]
        and question.file_bytes + question.size_bytes == question.segment_limit_bytes,
    ),
    Mistake(
        "rolls_too_late", "R3",
        lambda wrong: f"With this batch the file would have {wrong.question.file_bytes + wrong.question.size_bytes} "
        f"bytes, and {wrong.question.segment_limit_bytes} are allowed. Roll before, not after.",
        when=lambda question, got, expected: expected[3] and not got[3],
    ),
    Mistake(
        "old_position", "R4",
        lambda wrong: f"Position {wrong.question.file_bytes} was the end of the old file. The new one is empty.",
        when=lambda question, got, expected: got[3] and expected[3] and got[2] == question.file_bytes,
    ),
)  # fmt: skip

EXERCISE = Write(
    order=1,
    function="place_batch",
    place="minikafka.log.partition_log:PartitionLog.append_as_leader",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    drawn=400,
    explored=(Setup(settings=(("log.segment.bytes", "200"),)),),
    schedules=3,
    reference=place_batch,
    fit=inside,
)
