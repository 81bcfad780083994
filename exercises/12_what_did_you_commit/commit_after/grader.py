"""12/commit_after: the lives of the program, what is judged in them, and the replies to known mistakes."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from minikafka import Cluster, Consumer, KafkaException, Producer, TopicPartition
from minikafka.admin import AdminClient, NewTopic
from minikafka.grading.child import HandlingFailed, StandIn
from minikafka.grading.program import Broken, Processes, Program, Slip
from minikafka.grading.sandbox import AnswerFailed
from minikafka.trace.trace import Trace

MOST_CALLS = 200
TOPIC = "orders"
SETTINGS = {
    "offsets.topic.num.partitions": "1", "offsets.topic.replication.factor": "1",
    "group.initial.rebalance.delay.ms": "0", "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
}  # fmt: skip


class Case(NamedTuple):
    """One life of the program."""

    name: str
    did: str
    """What we did, as a sentence that begins with *We*."""
    sends: tuple[tuple[int, str], ...]
    """(partition, value) in this order."""
    most: int = 4
    """Records a poll."""
    fails: str = ""
    """The work on this value raises."""
    refuses: int = 0
    """Number of the commit that is refused, from 1; after it polls are smaller."""
    empty_first: bool = False
    marker: bool = False
    """The records are sent in a transaction, so a marker stands behind them."""


class Book:
    """What is known of one partition since the start, or since it was read again."""

    def __init__(self, committed: int | None = None) -> None:
        self.delivered: list[int] = []
        self.handled: list[int] = []
        self.of_last_poll: list[int] = []
        self.committed = committed

    @property
    def undone(self) -> list[int]:
        """Delivered and not handled."""
        return [offset for offset in self.delivered if offset not in self.handled]


class Charging:
    """The cluster, the consumer, and everything that was called."""

    def __init__(self, case: Case) -> None:
        self.case, self.did = case, case.did
        self.cluster = Cluster(brokers=1, seed=7, settings=SETTINGS)
        topic = NewTopic(TOPIC, num_partitions=2, replication_factor=1)
        AdminClient({"bootstrap.servers": self.cluster}).create_topics([topic])[TOPIC].result()
        self._send()
        self.consumer = Consumer({
            "bootstrap.servers": self.cluster, "group.id": "billing", "auto.offset.reset": "earliest",
            "enable.auto.commit": False, "client.id": "yours",
        })  # fmt: skip
        self.consumer.assign([TopicPartition(TOPIC, number) for number in (0, 1)])
        self.books = {0: Book(), 1: Book()}
        self.values: dict[tuple[int, int], str] = {}
        self.calls = self.commits = self.polls = 0
        self.failed: tuple[int, int] | None = None
        self.refused_at, self.rewinds = -1, False
        self.refused: dict[int, int] | None = None
        self.stopped = False

    def _send(self) -> None:
        settings: dict[str, Any] = {"bootstrap.servers": self.cluster}
        producer = Producer({**settings, "transactional.id": "app"} if self.case.marker else settings)
        if self.case.marker:
            producer.init_transactions()
            producer.begin_transaction()
        for partition, value in self.case.sends:
            producer.produce(TOPIC, value=value, partition=partition)
        if self.case.marker:
            producer.commit_transaction()
        producer.flush(10)

    def live(self, program: Processes) -> None:
        """See `Life.live`."""
        returned = program.ask((StandIn("consumer"), StandIn("handle")), self.serve)
        self.ended()
        if returned is not None:
            raise AnswerFailed("type", f"returned {returned!r}")

    def serve(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """One call of the program. Raises `Broken`, and `HandlingFailed` when the work fails."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise AnswerFailed("slow", f"made more than {MOST_CALLS} calls")
        match name, arguments:
            case "poll", ():
                return self._poll()
            case "position", (int(partition),) if partition in self.books:
                return self._position(partition)
            case "commit", (dict(offsets),) if _are_offsets(offsets):
                return self._commit(offsets)
            case "handle", ((int(partition), int(offset), _),):
                return self._handle(partition, offset)
        raise Broken("R0", f"called {name}{arguments!r}", "a call as the stub describes it")

    # --- the calls ---

    def _poll(self) -> list[tuple[int, int, str]] | None:
        self._after_failure("polled")
        if self.stopped:
            raise Broken("R4", "polled after None", "to return then")
        self.judge_last_poll("polled again")
        if self.rewinds:
            self._read_again()
        self.polls += 1
        if self.case.empty_first and self.polls == 1:
            return []
        most = 1 if self.refused is not None else self.case.most
        found = self.consumer.consume(most, 2)
        for book in self.books.values():
            book.of_last_poll = []
        for record in found:
            book = self.books[record.partition()]
            book.delivered.append(record.offset())
            book.of_last_poll.append(record.offset())
            self.values[(record.partition(), record.offset())] = record.value().decode()
        self.stopped = not found
        rows = [(record.partition(), record.offset(), record.value().decode()) for record in found]
        return rows or None

    def _read_again(self) -> None:
        self.rewinds = False
        for partition, book in self.books.items():
            if book.delivered:
                self.consumer.seek(TopicPartition(TOPIC, partition, book.committed or 0))
            self.books[partition] = Book(committed=book.committed)

    def _position(self, partition: int) -> int:
        (found,) = self.consumer.position([TopicPartition(TOPIC, partition)])
        return max(found.offset, 0)

    def _handle(self, partition: int, offset: int) -> None:
        self._after_failure(f"handled {partition}/{offset}")
        book = self.books.get(partition, Book())
        if self.refused is not None and offset in book.of_last_poll and self.polls == self.refused_at:
            raise Broken("R6", f"handled {partition}/{offset} after its commit was refused", "to poll again")
        if offset not in book.undone:
            raise Broken("R1", f"handled {partition}/{offset} again", "each delivered record handled once")
        if offset != book.undone[0]:
            raise Broken(
                "R1", f"handled {partition}/{offset} before {partition}/{book.undone[0]}", "offset order in a partition"
            )
        value = self.values[(partition, offset)]
        self.cluster.run(0.3)
        if value == self.case.fails:
            self.failed = (partition, offset)
            self.cluster.note(f"The work on {value} raises an exception.")
            raise HandlingFailed(f"{value} cannot be handled")
        book.handled.append(offset)
        self.cluster.note(f"{value} is handled.")

    def _commit(self, offsets: dict[int, int]) -> bool:
        if self.refused is not None and self.refused == offsets and self.polls == self.refused_at:
            raise Broken("R6", f"committed {offsets} again after it was refused", "to poll again", "")
        said = f"committed {offsets}"
        for partition, offset in offsets.items():
            book, position = self.books[partition], self._position(partition)
            lost = [one for one in book.undone if one < offset]
            if lost:
                raise self._lossy(said, partition, offset, lost[0], offsets)
            if offset > position:
                slip = "one_max" if len(set(offsets.values())) == 1 and len(offsets) > 1 else ""
                raise Broken("R2", f"{said}; the position of {partition} is {position}", "no commit above it", slip)
        self.commits += 1
        if self.commits == self.case.refuses:
            self.refused, self.refused_at, self.rewinds = dict(offsets), self.polls, True
            self.cluster.note("The commit is refused: the group has moved on.")
            return False
        wanted = [TopicPartition(TOPIC, partition, offset) for partition, offset in offsets.items()]
        try:
            if wanted:
                self.consumer.commit(offsets=wanted, asynchronous=False)
        except KafkaException:
            return False
        for partition, offset in offsets.items():
            self.books[partition].committed = offset
        return True

    def _lossy(self, said: str, partition: int, offset: int, lost: int, offsets: dict[int, int]) -> Broken:
        expected = f"nothing above {partition}/{lost}, which is not handled"
        if self.failed is not None:
            return Broken("R5", f"{said} after the work on {lost} had failed", expected, "finally_commit")
        if len(set(offsets.values())) == 1 and len(offsets) > 1:
            return Broken("R2", said, expected, "one_max")
        handled = any(set(book.of_last_poll) & set(book.handled) for book in self.books.values())
        return Broken("R2", f"{said} before {lost} was handled", expected, "" if handled else "commit_first")

    def _after_failure(self, did: str) -> None:
        if self.failed is not None:
            partition, offset = self.failed
            raise Broken(
                "R5", f"{did} after the work on {partition}/{offset} had failed", "the exception to leave consume",
                "log_and_go_on",
            )  # fmt: skip

    def ended(self) -> None:
        """The program has returned. Raises `Broken`."""
        if self.failed is not None:
            raise Broken("R5", "returned as if nothing had failed", "the exception to leave consume", "log_and_go_on")
        if not self.stopped:
            raise Broken("R4", "returned before poll had said None", "to go on until None")
        self.judge_last_poll("returned")

    def may_raise(self) -> bool:
        """See `Life.may_raise`."""
        return self.failed is not None

    def so_far(self, said: str) -> tuple[Trace, int]:
        """See `Life.so_far`."""
        self.cluster.note(said)
        return self.cluster.trace(title="One life of your program"), self.cluster.step

    def judge_last_poll(self, did: str) -> None:
        """The next poll begins, or the program ends: was all handled, and all that is handled committed?"""
        if self.refused is not None and self.polls == self.refused_at:
            return
        for partition, book in self.books.items():
            missing = [offset for offset in book.of_last_poll if offset not in book.handled]
            if missing:
                raise Broken("R1", f"{did}, and {partition}/{missing[0]} was never handled", "each record handled")
            if not book.of_last_poll:
                continue
            last, position = book.of_last_poll[-1], self._position(partition)
            if book.committed is None or not last < book.committed <= position:
                slip = "offset_not_next" if book.committed == last else ""
                raise Broken(
                    "R3", f"{did} with {book.committed} committed for partition {partition}",
                    f"{last + 1} up to {position}", slip,
                )  # fmt: skip


def _are_offsets(offsets: dict[Any, Any]) -> bool:
    return all(type(one) is int and one in (0, 1) for one in offsets) and all(
        type(one) is int and one >= 0 for one in offsets.values()
    )




REQUIREMENTS = {
    "R1": "Each delivered record is handled once, in offset order within its partition.",
    "R2": "No commit above the position, nor above a delivered record that is not handled.",
    "R3": "When the next poll begins, and at the end, each partition of the last poll is committed above its last "
    "record.",
    "R4": "An empty poll means go on; None means return.",
    "R5": "An exception of handle leaves consume; the failed record is not passed, and nothing is polled or handled "
    "after.",
    "R6": "A refused commit is not repeated: drop the rest of that poll, and poll again.",
}

SIX = tuple((0, f"r{number}") for number in range(6))
BOTH = (*((number % 2, f"r{number}") for number in range(5)), (0, "r5"), (0, "r6"))
LIVES = (
    Case("one partition", "We sent r0 to r5 to one partition, and let your program live; four records a poll.", SIX),
    Case("two partitions", "We sent r0 to r6 to two partitions, five of them to the first; four records a poll.", BOTH),
    Case("nothing at first", "We sent r0 to r5 to one partition, and the first poll was empty.", SIX, empty_first=True),
    Case("the work fails", "We sent r0 to r5 to one partition, and the work on r2 raised.", SIX, fails="r2"),
    Case("the first work fails", "We sent r0 to r5 to one partition, and the work on r0 raised.", SIX, fails="r0"),
    Case("the other one fails", "We sent r0 to r6 to two partitions, and the work on r1 raised.", BOTH, fails="r1"),
    Case("a marker", "We sent r0 to r5 in a transaction: a marker stands behind them.", SIX, marker=True),
    Case("a refused commit", "We sent r0 to r5 to one partition, and refused the first commit.", SIX, refuses=1),
    Case("a later one refused", "We sent r0 to r6 to two partitions, and refused the second commit.", BOTH, refuses=2),
)

MISTAKES = (
    Slip(
        "commit_first", "R2",
        "A crash before this record is handled: the next run starts behind it. Who charges for it?",
    ),
    Slip(
        "offset_not_next", "R3", "Each restart repeats the last record, and lag never reaches 0: commit the next one.",
    ),
    Slip("one_max", "R2", "One number for all partitions: an offset means something in its own partition only."),
    Slip("finally_commit", "R5", "The polite exit again: what was handed out is committed, done or not (scene 7)."),
    Slip("log_and_go_on", "R5", "The next commit passes the record that failed: it is lost, and nobody hears of it."),
)  # fmt: skip

EXERCISE = Program(
    order=2,
    function="consume",
    requirements=REQUIREMENTS,
    cases={case.name: partial(Charging, case) for case in LIVES},
    mistakes=MISTAKES,
    praise_text="Work, then commit, then poll.",
)
