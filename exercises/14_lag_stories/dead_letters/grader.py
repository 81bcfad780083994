"""14/dead_letters: the lives of the program, what is judged in them, and the replies to known mistakes."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from minikafka import Cluster, Consumer, Producer, TopicPartition
from minikafka.admin import AdminClient, NewTopic
from minikafka.grading.child import StandIn
from minikafka.grading.program import Broken, Processes, Program, Slip
from minikafka.grading.sandbox import AnswerFailed
from minikafka.trace.trace import Trace

MOST_CALLS = 300
TOPIC, DEAD = "orders", "orders.dead"
SETTINGS = {
    "offsets.topic.num.partitions": "1", "offsets.topic.replication.factor": "1",
    "group.initial.rebalance.delay.ms": "0",
}  # fmt: skip
LATER_SECONDS = 10.0


class Row(NamedTuple):
    """A record, as the program is given it."""

    partition: int
    offset: int
    key: bytes | None
    value: str

    def __str__(self) -> str:
        return f"offset {self.offset} ({self.value})"


class Case(NamedTuple):
    """One life of the program."""

    name: str
    did: str
    """What we did, as a sentence that begins with *We*."""
    sends: tuple[tuple[bytes | None, str], ...]
    """(key, value) in this order; the work on a value that begins with `bad` is poison."""
    tries: int = 3
    most: int = 10
    """Records a poll."""
    again: tuple[tuple[str, int], ...] = ()
    """The work on this value says `again` so many times first."""
    parked: tuple[tuple[bytes, str], ...] = ()
    """What the dead-letter topic holds from before."""
    refuses: bool = False
    """The dead-letter topic is below its minimum at first."""
    dies: int = 0
    """Number of the write to the dead-letter topic behind which the process dies, from 1."""


class Wanted(NamedTuple):
    """What the requirements ask for next: a call, or to return."""

    call: str
    """work | dead | return."""
    row: Row | None = None
    reason: str = ""
    """In the header of a dead letter; why to return."""
    offset: int | None = None
    """What to return."""


class Died(Exception):
    """The process is killed in this very call."""


class Batch:
    """One call of the program: which records, how far it is, and what comes next."""

    def __init__(self, rows: list[Row], parked: set[bytes], tries: int) -> None:
        self.rows, self.parked, self.tries = rows, parked, tries
        self.owed: set[bytes] = set()
        """Keys that are parked by now and have not been added."""
        self.at = self.tried = 0
        self.wanted = self._next()

    def _next(self) -> Wanted:
        if self.at == len(self.rows):
            return Wanted("return", reason="end", offset=self.rows[-1].offset + 1 if self.rows else None)
        row = self.rows[self.at]
        if row.key is not None and row.key in self.parked:
            return Wanted("dead", row, "order")
        return Wanted("work", row)

    def go_on(self) -> None:
        """This record is done with."""
        self.at, self.tried = self.at + 1, 0
        self.wanted = self._next()

    def stop(self, reason: str) -> None:
        """This record has to come again."""
        self.wanted = Wanted("return", self.rows[self.at], reason, self.rows[self.at].offset)

    def worked(self, answer: str) -> None:
        """The work on the record has said something."""
        self.tried += 1
        if answer == "ok":
            self.go_on()
        elif answer == "poison":
            self.wanted = Wanted("dead", self.rows[self.at], "poison")
        elif self.tried == self.tries:
            self.stop("down")

    def written(self, key: bytes | None) -> None:
        """The dead letter is acknowledged."""
        if key is not None and key not in self.parked:
            self.parked.add(key)
            self.owed.add(key)
        self.go_on()


class Mailing:
    """The cluster, the consumer, the sink, and everything that was called."""

    def __init__(self, case: Case) -> None:
        self.case, self.did = case, case.did
        copies = 2 if case.refuses else 1
        self.cluster = Cluster(brokers=copies, seed=7, settings=SETTINGS)
        admin = AdminClient({"bootstrap.servers": self.cluster})
        dead = NewTopic(DEAD, 1, copies, config={"min.insync.replicas": str(copies)})
        for name, topic in ((TOPIC, NewTopic(TOPIC, 1, 1)), (DEAD, dead)):
            admin.create_topics([topic])[name].result()
        self.producer = Producer({
            "bootstrap.servers": self.cluster, "delivery.timeout.ms": 3_000, "request.timeout.ms": 1_000,
            "linger.ms": 0,
        })  # fmt: skip
        self._fill()
        self.again = dict(case.again)
        self.calls = self.letters = 0
        self.handled: list[int] = []
        self.consumer = self._start()
        self.batch = Batch([], set(), case.tries)

    def _fill(self) -> None:
        for key, value in self.case.parked:
            headers = [("partition", b"0"), ("offset", b"0"), ("reason", b"poison")]
            self.producer.produce(DEAD, value=value, key=key, headers=headers)
        for key, value in self.case.sends:
            self.producer.produce(TOPIC, value=value, key=key)
        self.producer.flush(10)
        if self.case.refuses:
            self.cluster.crash(2)
            self.cluster.run(12)

    def _start(self) -> Consumer:
        consumer = Consumer({
            "bootstrap.servers": self.cluster, "group.id": "mailer", "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        })  # fmt: skip
        consumer.assign([TopicPartition(TOPIC, 0)])
        return consumer

    def letters_there(self) -> list[tuple[bytes | None, str, dict[str, str]]]:
        """What the dead-letter topic holds: key, value, headers."""
        reader = Consumer({
            "bootstrap.servers": self.cluster, "group.id": "start", "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        })  # fmt: skip
        reader.assign([TopicPartition(DEAD, 0, 0)])
        found = reader.consume(100, 1)
        reader.close()
        return [
            (one.key(), one.value().decode(), {name: text.decode() for name, text in one.headers() or []})
            for one in found
        ]

    # --- the life ---

    def live(self, program: Processes) -> None:
        """See `Life.live`."""
        parked = self._parked()
        while rows := self._poll():
            try:
                self._hand_over(program, rows, parked)
            except Died:
                parked = self._die(program)
        self._hand_over(program, [], parked)

    def _parked(self) -> set[bytes]:
        return {key for key, _, _ in self.letters_there() if key is not None}

    def _poll(self) -> list[Row]:
        found = self.consumer.consume(self.case.most, 2)
        return [Row(0, one.offset(), one.key(), one.value().decode()) for one in found]

    def _hand_over(self, program: Processes, rows: list[Row], parked: set[bytes]) -> None:
        batch = self.batch = Batch(rows, parked, self.case.tries)
        set_of_keys = StandIn("parked", frozenset(parked))
        returned = program.ask((rows, StandIn("work"), StandIn("dead"), set_of_keys, self.case.tries), self.serve)
        if returned is not None and type(returned) is not int:
            raise AnswerFailed("type", f"returned {returned!r}")
        self._returned(returned)
        if returned is None:
            return
        self.consumer.commit(offsets=[TopicPartition(TOPIC, 0, returned)], asynchronous=False)
        if batch.wanted.reason != "end":
            self._wait(returned)

    def _wait(self, offset: int) -> None:
        """The program could not go on: somebody mends the broker, and the record comes again."""
        if self.case.refuses:
            self.cluster.restart(2)
        self.cluster.run(LATER_SECONDS)
        self.consumer.seek(TopicPartition(TOPIC, 0, offset))

    def _die(self, program: Processes) -> set[bytes]:
        """Another process takes the partition over: it begins where the group has committed."""
        program.kill()
        self.cluster.note("The process is killed. Another one takes the partition over.")
        self.consumer.close()
        self.consumer = self._start()
        return self._parked()

    # --- the calls ---

    def serve(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """One call of the program. Raises `Broken`, and `Died`."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise AnswerFailed("slow", f"made more than {MOST_CALLS} calls")
        match name, arguments:
            case "work", (tuple(record),) if record in self.batch.rows:
                return self._work(Row(*record))
            case "dead", (tuple(record), dict(headers)) if record in self.batch.rows and _are_headers(headers):
                return self._dead(Row(*record), headers)
            case "parked", (bytes() | None as key,):
                return self._add(key)
        raise Broken("R0", f"called {_call_of(name)}{arguments!r}", "a call as the stub describes it")

    def _work(self, row: Row) -> str:
        if self.batch.wanted[:2] != ("work", row):
            raise self._astray("work", row)
        answer = self._sink(row)
        self.cluster.run(0.3)
        self.cluster.note(f"The work on {row.value} (offset {row.offset}): {answer}.")
        if answer == "ok":
            self.handled.append(row.offset)
        self.batch.worked(answer)
        return answer

    def _sink(self, row: Row) -> str:
        if self.again.get(row.value, 0) > 0:
            self.again[row.value] -= 1
            return "again"
        return "poison" if row.value.startswith("bad") else "ok"

    def _dead(self, row: Row, headers: dict[str, str]) -> bool:
        wanted = self.batch.wanted
        if wanted[:2] != ("dead", row):
            raise self._astray("dead", row)
        stated = {"partition": "0", "offset": str(row.offset), "reason": wanted.reason}
        if any(headers.get(one) != text for one, text in stated.items()):
            raise Broken("R3", f"gave {row} the headers {headers}", f"{stated} among them", "no_address")
        taken = self._written(row, headers)
        said = "is in the dead-letter topic" if taken else "was refused by the dead-letter topic"
        self.cluster.note(f"{row.value} (offset {row.offset}) {said}.")
        if not taken:
            self.batch.stop("refused")
            return False
        self.letters += 1
        if self.letters == self.case.dies:
            raise Died
        self.batch.written(row.key)
        return True

    def _written(self, row: Row, headers: dict[str, str]) -> bool:
        heard: list[Any] = []
        packed = [(name, text.encode()) for name, text in headers.items()]
        self.producer.produce(
            DEAD, value=row.value, key=row.key, headers=packed, on_delivery=lambda error, message: heard.append(error)
        )
        self.producer.flush(10)
        return heard == [None]

    def _add(self, key: bytes | None) -> None:
        batch = self.batch
        if key is not None and key in batch.parked:
            batch.owed.discard(key)
            return
        said, wanted = f"added {key!r} to parked", batch.wanted
        if key is None:
            raise Broken("R3", said, "nothing: a record without a key has no order", "null_blocks")
        if wanted.reason == "refused":
            raise Broken("R4", f"{said} although dead said False", "parked unchanged", "ignore_dead")
        raise Broken("R3", f"{said} before dead was acknowledged", "dead first", "parks_first")

    # --- what else it did ---

    def _astray(self, call: str, row: Row) -> Broken:
        """The program calls for something else than what the requirements ask for."""
        wanted, did = self.batch.wanted, f"called {call} for {row}"
        if wanted.call == "return":
            return self._goes_on(did, call, row)
        assert wanted.row is not None
        if wanted.call == "dead" and wanted.reason == "order":
            forgot = "empty_is_none" if row.key == b"" else "skip_one"
            slip = forgot if (call, row) == ("work", wanted.row) else "forgets_the_rest"
            return Broken("R1", did, f"dead for {wanted.row}, reason order: its key is parked", slip)
        if wanted.call == "dead":
            return Broken("R3", did, f"dead for {wanted.row}, which is poison", "log_and_drop")
        if call == "dead" and self.batch.tried:
            return Broken("R2", did, f"work again, {self.batch.tries} times in all", "park_when_down")
        if call == "dead" and row.key is None:
            return Broken("R3", did, f"work: {row} has no key, and waits for nobody", "null_blocks")
        return Broken("R1", did, f"work for {wanted.row}, which is next")

    def _goes_on(self, did: str, call: str, row: Row) -> Broken:
        wanted = self.batch.wanted
        expected = f"to return {wanted.offset}"
        if wanted.reason == "refused":
            return Broken("R4", f"{did} although dead had said False", expected, "ignore_dead")
        if wanted.reason == "down":
            tries = f"{did} after {self.batch.tries} times again"
            slip = "park_when_down" if call == "dead" else "never_gives_up" if row == wanted.row else "leaps_over"
            return Broken("R2", tries, expected, slip)
        return Broken("R1", f"{did} once more", expected)

    def _returned(self, offset: int | None) -> None:
        batch, wanted, did = self.batch, self.batch.wanted, f"returned {offset}"
        if batch.owed and wanted == ("return", None, "end", offset):
            key = min(batch.owed)
            slip = "keeps_a_set_of_its_own" if key else "empty_is_none"
            raise Broken("R3", f"{did} without adding {key!r} to parked", "it in parked for the next batch", slip)
        if wanted.call == "return":
            if offset == wanted.offset:
                return
            broken = {"end": ("R5", "offset_not_next"), "down": ("R2", "leaps_over"), "refused": ("R4", "ignore_dead")}
            number, slip = broken[wanted.reason]
            if number == "R5" and not (wanted.offset is not None and offset == wanted.offset - 1):
                slip = ""
            raise Broken(number, did, f"{wanted.offset}", slip)
        assert wanted.row is not None
        self._too_early(wanted, wanted.row, did, offset)

    def _too_early(self, wanted: Wanted, row: Row, did: str, offset: int | None) -> None:
        if wanted.call == "work":
            if not self.batch.tried:
                raise Broken("R1", did, f"work for {row}")
            tried = f" after {self.batch.tried} of {self.batch.tries} times again"
            raise Broken("R2", did + tried, f"work for {row}", "gives_up_at_once")
        if wanted.reason == "order":
            raise Broken("R1", did, f"dead for {row}, reason order: its key is parked", "forgets_the_rest")
        slip = "crash_loop" if offset == row.offset else "log_and_drop"
        raise Broken("R3", did, f"dead for {row}, which is poison", slip)

    def may_raise(self) -> bool:
        """See `Life.may_raise`."""
        return False

    def so_far(self, said: str) -> tuple[Trace, int]:
        """See `Life.so_far`."""
        self.cluster.note(said)
        return self.cluster.trace(title="One life of your program"), self.cluster.step


def _call_of(name: str) -> str:
    return "parked.add" if name == "parked" else name


def _are_headers(headers: dict[Any, Any]) -> bool:
    return all(isinstance(one, str) for pair in headers.items() for one in pair)


REQUIREMENTS = {
    "R1": "Records in order. One whose key is parked goes to dead without work; the others are worked on.",
    "R2": "`again` is the sink's fault: `tries` calls of work for this record in all, then return its offset and touch "
    "nothing after it.",
    "R3": "`poison` is the record's fault: dead once, with its headers, and then its key into parked. None is no key "
    'and holds up nobody; `b""` is a key.',
    "R4": "dead said False: return the offset of that record, with parked as it was.",
    "R5": "Else return the last offset plus one; None if there was no record.",
}

A, B, C = b"anna", b"ben", b"cleo"
ORDERS = ((A, "bad order"), (B, "ben ordered"), (A, "anna paid"), (C, "cleo ordered"))
LIVES = (
    Case(
        "one that cannot be read",
        "We sent four orders, and the first one, of anna, cannot be read; anna paid after it.", ORDERS,
    ),
    Case(
        "the last one", "We sent two orders in polls of one record; the first one, of anna, cannot be read.",
        ((A, "bad order"), (A, "anna paid")), most=1,
    ),
    Case(
        "no key", "We sent two records without a key and two whose key is empty; the first of each cannot be read.",
        ((None, "bad news"), (None, "news"), (b"", "bad note"), (b"", "note")),
    ),
    Case(
        "the sink is down", "We sent three orders, and the sink was down for the second one, for seven calls.",
        ((A, "anna ordered"), (B, "ben ordered"), (C, "cleo ordered")), again=(("ben ordered", 7),),
    ),
    Case(
        "a short sink", "We sent three orders; the sink needed a second call for one, and one cannot be read at the "
        "third.", ((A, "anna ordered"), (B, "bad order"), (B, "ben paid")),
        again=(("anna ordered", 1), ("bad order", 2)),
    ),
    Case(
        "one try", "We sent two orders, gave one try to each, and the sink was down for the first call.",
        ((A, "anna ordered"), (B, "ben ordered")), tries=1, again=(("anna ordered", 1),),
    ),
    Case(
        "nowhere to put it", "We sent four orders, the second one cannot be read, and the dead-letter topic was below "
        "its minimum.", (ORDERS[1], ORDERS[0], *ORDERS[2:]), refuses=True,
    ),
    Case(
        "parked before", "We sent four orders; an older one of ben lies in the dead-letter topic.",
        ((A, "anna ordered"), (B, "ben ordered"), (B, "ben paid"), (C, "cleo ordered")), parked=((B, "bad order"),),
    ),
    Case(
        "a crash behind the first", "We sent four orders, the first one cannot be read, and the process died when it "
        "was in the dead-letter topic and not committed.", ORDERS, dies=1,
    ),
    Case(
        "a crash behind the second", "We sent four orders, the first one cannot be read, and the process died when the "
        "second of its key was in the dead-letter topic.", ORDERS, dies=2,
    ),
)  # fmt: skip

MISTAKES = (
    Slip("skip_one", "R1", "You parked one record and not its key: *paid* is handled, and *ordered* is not."),
    Slip("forgets_the_rest", "R1", "Nobody worked on it, and it lies nowhere else: park it, too, with reason order."),
    Slip("empty_is_none", "R1", "An empty key is a key, and has an order: `if record.key` takes it for none."),
    Slip(
        "keeps_a_set_of_its_own", "R3",
        "What you know in this call the next one does not: it would handle *paid* before *ordered*.",
    ),
    Slip("crash_loop", "R3", "It will be poison the next time, too. Each owner of the partition ends at this offset."),
    Slip("log_and_drop", "R3", "It is committed and lies in no topic. A line in a log cannot be handled again."),
    Slip("null_blocks", "R3", "Records without a key have no order: one of them says nothing about the others."),
    Slip("parks_first", "R3", "First the write that lasts. If it fails, or you die before it, nothing was parked."),
    Slip("no_address", "R3", "Who mends it needs to know where it came from, and whether it was at fault itself."),
    Slip("park_when_down", "R2", "The sink is down, and the record is good. In half a minute all of them are parked."),
    Slip("gives_up_at_once", "R2", "The sink may be back the next time: that is what the tries are for."),
    Slip("never_gives_up", "R2", "While you try for ever nobody polls: the group takes you for dead."),
    Slip("leaps_over", "R2", "What could not be done yet is below what you commit: it never comes again."),
    Slip("ignore_dead", "R4", "It was not written. If you go on, the record is nowhere."),
    Slip("offset_not_next", "R5", "A commit names the next record. Each restart would repeat the last one."),
)  # fmt: skip

EXERCISE = Program(
    order=4,
    function="handle_batch",
    requirements=REQUIREMENTS,
    cases={case.name: partial(Mailing, case) for case in LIVES},
    mistakes=MISTAKES,
    expects="the offset to commit, or None",
    praise_text="What could not be handled is parked, and each key is in order.",
)
