"""14/five_traces: five runs in which lag grows, the numbers that are shown of them, and a reply for each choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from minikafka.grading.diagnose import Diagnose
from minikafka.grading.predict import Choice, Pick, Runs, Shown
from minikafka.sim.scenario import Scenario, Scene, World
from minikafka.stage.lag import Behind, Group, behind
from minikafka.world import run_scenario

SETTINGS = {
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "log.retention.check.interval.ms": "10000",
}
TICK_MS = 500


# --- the application ---


class Worker:
    """A member of a group: takes a batch, works on it record by record, commits, polls again."""

    def __init__(self, consumer: Any, work_ms: int) -> None:
        self.consumer, self.work_ms = consumer, work_ms
        self.free_at_ms, self.in_hand = 0, False

    def go_on(self, now_ms: int) -> None:
        """Poll, if the last batch is done."""
        if now_ms < self.free_at_ms:
            return
        if self.in_hand:
            self.consumer.commit(asynchronous=True)
        records = [one for one in self.consumer.consume(500, 0) if one.error() is None]
        self.in_hand = bool(records)
        self.free_at_ms = now_ms + len(records) * self.work_ms


class Shop:
    """Virtual time in ticks: in each one records are sent, and every worker that is free polls."""

    def __init__(self, world: World, partitions: int, **configs: str) -> None:
        self.world, self.now_ms = world, 0
        self.workers: list[Worker] = []
        world.create_topic("orders", *[(1,)] * partitions, **configs)
        self.producer = world.producer("A", linger_ms=0)

    def hire(self, name: str, work_ms: int, group: str = "shop", **settings: Any) -> Worker:
        """One more member."""
        usual = {"auto_offset_reset": "earliest", "session_timeout_ms": 6_000, "heartbeat_interval_ms": 2_000}
        settings = {**usual, "max_poll_records": 5, "enable_auto_commit": "false", **settings}
        consumer = self.world.consumer(name, group_id=group, **settings)
        consumer.subscribe(["orders"])
        self.workers.append(Worker(consumer, work_ms))
        return self.workers[-1]

    def run(self, seconds: int, each_tick: Callable[[int], None]) -> None:
        """Let time pass."""
        for tick in range(seconds * 1_000 // TICK_MS):
            each_tick(tick)
            for worker in self.workers:
                worker.go_on(self.now_ms)
            self.world.wait(TICK_MS)
            self.now_ms += TICK_MS

    def send(self, partition: int, value: str) -> None:
        """One record, to a partition of our choice."""
        self.producer.produce("orders", value=value, partition=partition)

    def one_each(self, *partitions: int) -> Callable[[int], None]:
        """One record for each of these partitions, every tick."""

        def send(tick: int) -> None:
            for partition in partitions:
                self.send(partition, f"o{partition}{tick}")

        return send


# --- the runs ---


def open_transaction(world: World) -> None:
    """A transactional producer dies in the middle of a transaction on one of two partitions."""
    shop = Shop(world, 2)
    shop.hire("m1", 100, isolation_level="read_committed")
    shop.hire("n1", 100, group="audit", isolation_level="read_uncommitted")
    shop.run(10, shop.one_each(0, 1))
    stuck = world.producer("T", transactional_id="payments", linger_ms=0, transaction_timeout_ms=900_000)
    stuck.init_transactions()
    stuck.begin_transaction()
    stuck.produce("orders", value="pay", partition=1)
    stuck.flush()
    world.kill(stuck)
    shop.run(30, shop.one_each(0, 1))


def hot_key(world: World) -> None:
    """Seven of ten records get one key; a fifth member joins four partitions."""
    shop = Shop(world, 4)
    for name in ("m1", "m2", "m3", "m4"):
        shop.hire(name, 250)

    def keyed(hot: int, count: int) -> Callable[[int], None]:
        def send(tick: int) -> None:
            for number in range(count):
                key = "big" if number < hot else f"k{(count * tick + number) % 17}"
                shop.producer.produce("orders", key=key, value=f"{key}-{tick}")

        return send

    shop.run(8, keyed(0, 4))
    shop.run(14, keyed(7, 10))
    shop.hire("m5", 250)
    shop.run(14, keyed(7, 10))


def wrong_place(world: World) -> None:
    """Two deploys: after the first the group catches up, during the second retention passes it."""
    shop = Shop(world, 1, segment_ms="15000", retention_ms="60000")

    def each_second(tick: int) -> None:
        if tick % 2 == 0:
            shop.send(0, f"o{tick}")

    for name, reads, is_away in (("m1", 20, 15), ("m2", 20, 85), ("m3", 12, 0)):
        worker = shop.hire(name, 50, auto_offset_reset="latest")
        worker.consumer.consume(1, 0.5)
        shop.run(reads, each_second)
        worker.consumer.commit(asynchronous=False)
        worker.consumer.close()
        shop.workers.clear()
        shop.run(is_away, each_second)


def storm(world: World) -> None:
    """A burst, and a sink that is a bit slower: a batch outlasts max.poll.interval.ms."""
    shop = Shop(world, 2)
    for name in ("m1", "m2"):
        shop.hire(name, 200, max_poll_interval_ms=8_000, max_poll_records=20)
    shop.run(15, shop.one_each(0, 1))
    for _ in range(20):
        shop.one_each(0, 1)(99)
    for worker in shop.workers:
        worker.work_ms = 500
    shop.run(45, shop.one_each(0, 1))


def slow_sink(world: World) -> None:
    """What the work calls answers ten times as slowly; one partition is a bit busier."""
    shop = Shop(world, 4)
    for name in ("m1", "m2", "m3", "m4"):
        shop.hire(name, 100)

    def send(tick: int) -> None:
        shop.one_each(0, 1, 2, 3)(tick)
        if tick % 4 == 0:
            shop.send(2, f"x{tick}")

    shop.run(12, send)
    world.note("What the work calls answers after 1000 ms now, not after 100.")
    for worker in shop.workers:
        worker.work_ms = 1_000
    shop.run(30, send)


class Told(NamedTuple):
    """A run, and the moments at which its numbers are shown."""

    play: Callable[[World], None]
    members: tuple[str, ...]
    seconds: tuple[int, ...]
    scenes: tuple[Scene, ...]


def of(partition: int, **fields: Any) -> dict[str, Any]:
    return {"partition": f"orders-{partition}", **fields}


RUNS = {
    "A": Told(
        open_transaction, ("m1",), (5, 10, 20, 39),
        (
            Scene("Both partitions are read and committed", "OffsetCommitted", "", {"group": "shop"}),
            Scene("A transaction opens on orders-1", "TransactionOpened", "", of(1)),
            Scene("Its producer dies, and ends nothing", "NodeCrashed"),
            Scene("Another group reads orders-1 on, uncommitted records too", "RecordsConsumed", "consumer-n1", of(1)),
            Scene("The high watermark of orders-1 climbs", "HighWatermarkMoved", "broker-1", of(1, high_watermark=60)),
            Scene("orders-0 is committed as ever", "OffsetCommitted", "", of(0, group="shop")),
        ),
    ),
    "B": Told(
        hot_key, ("m1", "m2", "m3", "m4", "m5"), (8, 15, 22, 35),
        (
            Scene("Four members, four partitions", "OffsetCommitted", "", of(0)),
            Scene("orders-2 alone runs away", "HighWatermarkMoved", "broker-1", of(2, high_watermark=131)),
            Scene("orders-0 keeps up all the while", "OffsetCommitted", "", of(0)),
            Scene("orders-2 is committed on, at the pace of its owner", "OffsetCommitted", "", of(2)),
            Scene("A fifth member joins: one rebalance", "MemberJoined"),
            Scene("The fifth is given nothing", "PartitionsAssigned", "consumer-m5"),
            Scene("orders-2 goes on to run away", "HighWatermarkMoved", "broker-1", of(2, high_watermark=346)),
        ),
    ),
    "C": Told(
        wrong_place, ("m1", "m2", "m3"), (19, 34, 40, 100, 139, 150),
        (
            Scene("The first deploy: 20 is committed", "OffsetCommitted", "", of(0, offset=20)),
            Scene("Back after 15 s: it reads on at 20, and catches up", "RecordsConsumed", "consumer-m2"),
            Scene("The second deploy: 55 is committed", "OffsetCommitted", "", of(0, offset=55)),
            Scene("Retention passes 55", "LogStartMoved", "broker-1", of(0, log_start_offset=61)),
            Scene("The group asks for 55", "FetchFailed", "consumer-m3"),
            Scene("It goes on at 140", "RecordsConsumed", "consumer-m3"),
            Scene("The committed offset leaps over what nobody handled", "OffsetCommitted", "", of(0)),
        ),
    ),
    "D": Told(
        storm, ("m1", "m2"), (10, 20, 30, 45, 59),
        (
            Scene("Both members keep up", "OffsetCommitted", "", {"group": "shop"}),
            Scene("A batch of 20: ten seconds of work", "RecordsConsumed", "consumer-m1", of(0, position=51)),
            Scene("8 s without a poll: a member leaves by itself", "MemberRemoved", "", {"reason": "left"}),
            Scene("What it did is not committed", "CommitFailed"),
            Scene("The same offsets are handed out again", "RecordsConsumed"),
        ),
    ),
    "E": Told(
        slow_sink, ("m1", "m2", "m3", "m4"), (5, 12, 20, 41),
        (
            Scene("All four keep up", "OffsetCommitted", "", {"group": "shop"}),
            Scene("The work takes ten times as long", "Note"),
            Scene("orders-0 falls behind", "HighWatermarkMoved", "broker-1", of(0, high_watermark=60)),
            Scene("Its commit is taken: the member is in the group", "OffsetCommitted", "", of(0)),
            Scene("orders-3 is as far behind as orders-0", "OffsetCommitted", "", of(3)),
        ),
    ),
}  # fmt: skip


def record() -> Runs:
    """Plays all five."""
    made = {}
    for name, told in RUNS.items():
        title, moral = f"Trace {name}", "Lag is four different stories."
        scenario = Scenario(f"14_{name.lower()}", title, moral, told.play, SETTINGS, brokers=1, scenes=told.scenes)
        made[f"trace {name}"] = run_scenario(scenario)
    return made


# --- what is shown of them ---


def numbers(runs: Runs) -> str:
    """The tables of the README."""
    parts = []
    for name, told in RUNS.items():
        members = tuple(f"consumer-{member}" for member in told.members)
        found = behind(
            runs[f"trace {name}"], "shop", members, "orders", told.seconds, committed_only=told.play is open_transaction
        )
        rows = [row(one) for partitions, _ in found for one in partitions]
        parts += [f"### Trace {name}", "", COLUMNS, *rows, "", GROUP_COLUMNS, *(of_group(now) for _, now in found), ""]
    return "\n".join(parts)


COLUMNS = """| second | partition | log start | LSO | HW | committed | lag | client's own lag | handled |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""
GROUP_COLUMNS = """| second | generation | failed commits | longest time between two batches |
| ---: | ---: | ---: | --- |"""


def row(one: Behind) -> str:
    """One partition at one moment."""
    cells = (
        one.second, one.partition, one.log_start, one.last_stable, one.high_watermark, one.committed, one.lag,
        one.client_lag, one.handled,
    )  # fmt: skip
    return f"| {' | '.join('-' if cell is None else str(cell) for cell in cells)} |"


def of_group(now: Group) -> str:
    """The group at one moment."""
    members = ((name.removeprefix("consumer-"), ms) for name, ms in now.between_batches_ms.items())
    gaps = ", ".join(f"{name} {ms / 1000:.1f} s" if ms else f"{name} -" for name, ms in members)
    return f"| {now.second} | {now.generation} | {now.failed} | {gaps} |"


# --- what is asked ---

CAUSES = {
    "a": "too slow, everywhere: the work on each record takes longer than it did",
    "b": "too slow, in one place: one key has most of the records",
    "c": "not reading: the group rebalances again and again",
    "d": "not allowed to read: a transaction is open",
    "e": "reading from the wrong place: the offset was out of range",
}


def cause(trace: str, right: str, replies: Mapping[str, tuple[str, int]]) -> Pick:
    return pick(f"{trace}_cause", f"trace {trace}: why does lag grow?", right, CAUSES, replies)


def pick(name: str, ask: str, right: str, texts: Mapping[str, str], replies: Mapping[str, tuple[str, int]]) -> Pick:
    run = f"trace {name[0]}"
    choices = {
        letter: Choice(text, replies[letter][0], Shown(run, replies[letter][1])) for letter, text in texts.items()
    }
    return Pick(name.lower(), ask, choices, right)


def evidence(trace: str, right: str, given: Mapping[str, tuple[str, str, int]]) -> Pick:
    ask = f"trace {trace}: what decides it?"
    return asked(f"{trace}_evidence", ask, right, given)


def asked(name: str, ask: str, right: str, given: Mapping[str, tuple[str, str, int]]) -> Pick:
    texts = {letter: text for letter, (text, _, _) in given.items()}
    return pick(name, ask, right, texts, {letter: (reply, scene) for letter, (_, reply, scene) in given.items()})


QUESTIONS = (
    cause("A", "d", {
        "a": ("orders-0 has the same member and the same work, and keeps up: lag 2. A slow sink slows both.", 6),
        "b": ("orders-1 gets as many records as orders-0. And a busy owner goes on handling; here nothing is.", 5),
        "c": ("One generation from the first row to the last, and commits of orders-0 are taken all the while.", 6),
        "d": ("Yes: its producer died with the transaction open.", 2),
        "e": ("The log starts at 0, so 20 is there. And committed stands still; out of range makes it leap.", 4),
    }),
    evidence("A", "b", {
        "a": ("the client's own lag of orders-1 is 0",
              "So it is where all is well. It ends at the LSO: it says that no more may be read, and not why.", 5),
        "b": ("the LSO of orders-1 stands at 20 while its HW climbs, and committed is equal to the LSO", "Yes.", 5),
        "c": ("committed of orders-1 stands still",
              "In trace D it stands still, too, and there everything may be read. Another group reads on here.", 4),
    }),
    cause("B", "b", {
        "a": ("orders-0 keeps up, with the same time for each record. It is the number of records that differs.", 3),
        "b": ("Yes: seven of ten records have the key big.", 2),
        "c": ("There is one rebalance, at 22 s; by then 180 records waited.", 5),
        "d": ("LSO and HW are one number in every row: everything may be read.", 2),
        "e": ("committed of orders-2 climbs five at a time, and handled goes along. Out of range leaps.", 4),
    }),
    evidence("B", "c", {
        "a": ("the lag of the group as a whole grows", "It grows in trace E, too. Look partition by partition.", 3),
        "b": ("the generation goes from 2 to 3", "Somebody joined, once. A storm does not stop at one.", 5),
        "c": ("the HW of orders-2 runs away; the other partitions stay below a lag of 11", "Yes.", 2),
    }),
    asked("B_fifth", "trace B: m5 joins after 22 s. What does that change for orders-2?", "b", {
        "a": ("m5 takes half of it over", "One partition, one owner. m5 is given nothing.", 6),
        "b": ("nothing: m5 has no partition", "Yes: four partitions, four owners.", 6),
        "c": ("it catches up after the rebalance", "Its lag is 180 when m5 joins, and 341 at the end.", 7),
    }),
    cause("C", "e", {
        "a": ("When somebody works, the work keeps up: a lag of 15 is gone in five seconds.", 2),
        "b": ("One partition, one record a second: no key can make it busier. It is the reader that is away.", 3),
        "c": ("The generation counts three members who came and went, one at a time. No commit failed.", 3),
        "d": ("LSO and HW are one number in every row. Nothing is forbidden to who comes back at 140.", 6),
        "e": ("Yes: 55 was gone, and auto.offset.reset=latest leapt to 140.", 5),
    }),
    evidence("C", "b", {
        "a": ("lag falls from 85 to 1",
              "At 40 s it fell from 15 to 1, and that was work: handled went from 20 to 40.", 2),
        "b": ("committed goes from 55 to 149, and handled from 55 to 64", "Yes: nobody handles what it leapt over.", 7),
        "c": ("the log start rises", "It rises wherever there is a retention. It hurts who wants what is gone.", 4),
    }),
    asked("C_lost", "trace C: at 150 s lag is 1. How many records below the committed offset did nobody handle?", "c", {
        "a": ("none", "Lag says where the group stands, not what it did.", 7),
        "b": ("22", "Those are 55 to 76, and retention took them. Who reads 77 to 139?", 6),
        "c": ("85", "Yes, 55 to 139: retention took 22, the reset policy 63.", 6),
    }),
    cause("D", "c", {
        "a": ("A bit slower, yes. But 60 more of each partition are handled after 20 s, and none is committed.", 4),
        "b": ("Both partitions are behind alike: 108 and 107.", 5),
        "c": ("Yes: who does not poll for 8 s is out, and its work counts for nothing.", 3),
        "d": ("LSO and HW are one number, and the records are handed out: again and again.", 5),
        "e": ("Each member goes on exactly where the group committed: at 31, and again at 31.", 5),
    }),
    evidence("D", "a", {
        "a": ("handled climbs and committed does not, while the generation climbs and commits fail", "Yes.", 4),
        "b": ("12 s between two batches", "Slow work alone is committed when it is done, as in trace E.", 2),
        "c": ("both partitions have the same lag", "So have three in trace E. It only clears the keys.", 5),
    }),
    asked("D_remedy", "trace D: heartbeats arrive all the time. What ends it?", "b", {
        "a": ("a longer session.timeout.ms", "No session ran out: the member left by itself, since nobody polled.", 3),
        "b": ("a smaller max.poll.records", "Yes: a batch has to be done within max.poll.interval.ms, 8 s here.", 2),
        "c": ("a third member", "Two partitions have two owners already, and each batch stays as long as it is.", 5),
    }),
    cause("E", "a", {
        "a": ("Yes: 1000 ms a record, where it was 100.", 2),
        "b": ("orders-2 gets a quarter more, and lags by 50. The others get what they always got, and lag by 33.", 5),
        "c": ("Generation 2 from the first row to the last, and every commit is taken.", 4),
        "d": ("LSO and HW are one number in every row.", 3),
        "e": ("committed climbs with handled, five at a time. Nothing is leapt over.", 5),
    }),
    evidence("E", "a", {
        "a": ("lag and time between batches grow for all from 12 s on, and no commit fails", "Yes.", 2),
        "b": ("orders-2 has the largest lag", "Take it away, and three partitions still fall behind.", 5),
        "c": ("handled is five ahead of committed", "That is the batch in hand. It says how large batches are.", 4),
    }),
)  # fmt: skip

EXERCISE = Diagnose(
    order=2,
    questions=QUESTIONS,
    record=record,
    praise_text="Lag is one number, and its causes are told apart by the others.",
)
