"""The producer among real brokers: what idempotence keeps (I18), what its absence shows (I19), who is fenced (I21)."""

from __future__ import annotations

from random import Random

import pytest

from minikafka.client.accumulator import PendingRecord
from minikafka.client.producer import ProducerNode
from minikafka.client.transaction_manager import State
from minikafka.config import ProducerConfig, read_settings
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import build_batch
from minikafka.sim.checkers import all_checkers, fresh
from minikafka.sim.checkers.anomalies_shown import OrderWithNumbers
from minikafka.sim.checkers.clients import SeenByClients
from minikafka.sim.checkers.copies import Copy, add
from minikafka.sim.checkers.producers import Idempotence, values_begun_anew, values_taken_unknown
from minikafka.sim.profiles import QUICK
from minikafka.sim.schedule import Setup, play, schedule

RECORDS = 24


def told(run, kind):
    return [one.fact for one in run.sim.recorder.told if isinstance(one.fact, kind)]


def stored(run):
    """The values in the log, as a consumer that reads from the start was given them."""
    return [value for fact in told(run, facts.RecordsConsumed) for *_, value in fact.records]


def trouble(seed, idempotent):
    """A producer that sends fast, while connections break, leaders die, and requests arrive late."""
    random, lines, at = Random(seed), [], 0
    for number in range(RECORDS):
        lines.append((at, "send", f"{number:02}", {"idempotent": idempotent}))
        at += random.choice([0, 0, 1, 2, 50, 400])
    for _ in range(random.randrange(3, 7)):
        when, broker = random.randrange(at), random.randrange(1, 4)
        what = random.choice(["disconnect", "late", "crash", "pause"])
        if what == "disconnect":
            lines.append((when, "disconnect", broker, "producer-A"))
        elif what == "late":
            lines.append((when, "disconnect", broker, "producer-A", {"late_ms": random.choice([50, 500, 3_000])}))
        else:
            back = {"crash": "restart", "pause": "resume"}[what]
            lines += [(when, what, broker), (when + random.choice([500, 12_000]), back, broker)]
    return schedule(*lines, (at + 60_000, "read"))


def test_idempotence_keeps_every_record_once_and_in_order_with_five_requests_under_way():
    late = 0
    for seed in range(12):
        run = play(Setup(seed=seed), trouble(seed, idempotent=True), all_checkers())
        assert run.violation is None, (seed, run.violation)
        values = stored(run)
        assert values == sorted(values) and len(values) == RECORDS, (seed, values)
        assert sum(len(fact.values) for fact in told(run, facts.ProduceAcknowledged)) == RECORDS
        late += len(told(run, facts.DuplicateFound)) + len(told(run, facts.BatchRefused))
    assert late > 0, "no run had anything for the numbers to do"


def test_without_idempotence_the_same_trouble_stores_twice_and_out_of_order():
    """The anomaly that Kafka documents: the same schedules must show it."""
    twice = out_of_order = 0
    for seed in range(8):
        values = stored(play(Setup(seed=seed), trouble(seed, idempotent=False)))
        twice += len(values) > len(set(values))
        out_of_order += list(dict.fromkeys(values)) != sorted(set(values))
    assert twice and out_of_order


def test_a_retry_that_reaches_the_next_leader_is_recognised():
    """The answer is lost with the leader; its successor has the batch, and the producer's state in it."""
    for at_ms in range(104, 114):
        lines = ((0, "send", "a", {"idempotent": True}), (100, "send", "b", {"idempotent": True}), (at_ms, "crash", 1))
        run = play(Setup(), schedule(*lines, (30_000, "read")), all_checkers())
        assert run.violation is None
        assert stored(run) == [b"a", b"b"]
        if told(run, facts.DuplicateFound):
            return
    raise AssertionError("no moment at which the answer alone was lost")


# --- transactions ---


class Application:
    """A transactional producer in a run, and calls that let time pass."""

    def __init__(self, run, name, **settings):
        self.run = run
        dotted = {"transactional.id": "t", "linger.ms": 0, **settings}
        self.node = ProducerNode(name, read_settings(ProducerConfig, dotted, "producer"), ("broker-1", "broker-2"))
        run.sim.add_client(self.node)

    def call(self, name, action, limit_ms=60_000):
        sim = self.run.sim
        sim.call(self.node.id, name, lambda: action(sim.now))
        assert sim.run_until(lambda: self.node.transactions.call.done, limit_ms), f"{name} has no outcome"
        return self.node.transactions.call.error

    def init(self):
        return self.call("init", self.node.init_transactions)

    def begin(self):
        return self.call("begin", self.node.begin_transaction)

    def send(self, value, partition=0):
        sim = self.run.sim
        record = PendingRecord("orders", partition, None, value.encode(), (), sim.now)
        sim.call(self.node.id, f"send {value}", lambda: self.node.produce(record, sim.now))

    def commit(self):
        return self.call("commit", lambda now: self.node.end_transaction(True, now))

    def abort(self):
        return self.call("abort", lambda now: self.node.end_transaction(False, now))


def a_cluster(inspect, version=2, **setup):
    """Play with applications once a healthy cluster is up."""
    settings = {
        "transaction.version": str(version), "transaction.state.log.num.partitions": "1",
        "offsets.topic.num.partitions": "1",
    }  # fmt: skip
    given = Setup(settings=tuple(settings.items()), **setup)
    run = play(given, schedule(), all_checkers(), inspect=inspect)
    assert run.violation is None, run.violation
    return run


@pytest.mark.parametrize("version", [1, 2])
def test_one_transaction_after_another_and_only_protocol_2_raises_the_epoch(version):
    epochs = []

    def story(run):
        application = Application(run, "producer-A")
        assert application.init() == ErrorCode.NONE
        for value in ("a", "b"):
            application.begin()
            application.send(value)
            assert application.commit() == ErrorCode.NONE
            epochs.append(application.node.transactions.sequences.identity.epoch)
        application.begin()
        application.send("c")
        assert application.abort() == ErrorCode.NONE

    run = a_cluster(story, version)
    assert epochs == ([0, 0] if version == 1 else [1, 2])
    assert [fact.committed for fact in told(run, facts.TransactionEnded)] == [True, True, False]
    assert {fact.partition.topic for fact in told(run, facts.MarkerWritten) if fact.committed} == {"orders"}


@pytest.mark.parametrize("version", [1, 2])
def test_a_zombie_can_neither_write_nor_end(version):
    """I21: another instance has taken over the transactional id in the middle of a transaction."""

    def story(run):
        old, new = Application(run, "producer-old"), Application(run, "producer-new")
        old.init()
        old.begin()
        old.send("half")
        run.sim.run_for(500)
        assert new.init() == ErrorCode.NONE
        new.begin()
        new.send("new")
        assert new.commit() == ErrorCode.NONE
        old.send("zombie")
        run.sim.run_for(500)
        assert old.commit() in (ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.PRODUCER_FENCED)
        if old.node.transactions.state == State.ABORTABLE_ERROR:
            assert old.abort() == ErrorCode.PRODUCER_FENCED
        assert old.node.transactions.state == State.FATAL_ERROR

    run = a_cluster(story, version)
    appended = [fact for fact in told(run, facts.RecordsAppended) if fact.partition == run.setup.partition]
    assert any(b"new" in fact.batches for fact in appended)
    assert not any(b"zombie" in fact.batches for fact in appended)


def test_the_end_survives_the_death_of_its_coordinator():
    """I23: the decision is asked for again, of the next coordinator, which has read it in the log."""
    for wait_ms in (1, 4, 8, 12):

        def story(run, wait_ms=wait_ms):
            application, sim = Application(run, "producer-A"), run.sim
            application.init()
            application.begin()
            application.send("a")
            sim.run_for(100)
            sim.call("producer-A", "commit", lambda: application.node.end_transaction(True, sim.now))
            sim.run_for(wait_ms)
            sim.crash("broker-1")
            assert sim.run_until(lambda: application.node.transactions.call.done, 60_000)
            assert application.node.transactions.call.error == ErrorCode.NONE

        run = a_cluster(story)
        assert [fact.committed for fact in told(run, facts.MarkerWritten) if fact.partition.topic == "orders"][:1] == [
            True
        ]


def test_the_new_instance_ends_what_the_old_one_left_open():
    def story(run):
        old = Application(run, "producer-old")
        old.init()
        old.begin()
        old.send("half")
        run.sim.run_for(500)
        assert Application(run, "producer-new").init() == ErrorCode.NONE

    run = a_cluster(story)
    assert [fact.committed for fact in told(run, facts.MarkerWritten)] == [False]


# The first batch is refused, the second taken by a leader that knows nothing of the producer; then the answer is lost.
HOLE = schedule(
    (0, "send", "other", {"partition": 1, "idempotent": True}), (500, "fill_disk", 1),
    (500, "slow", 1, "producer-A", 100), (510, "send", "a"), (560, "send", "b"), (640, "free_disk", 1),
    (650, "delay", "ProduceResponse", 8_000), (730, "crash", 1),
)  # fmt: skip


def test_the_hole_that_kafka_leaves_is_reported_and_blamed_on_nobody():
    run = play(Setup(settings=QUICK, partitions=2), HOLE, fresh([Idempotence, OrderWithNumbers, SeenByClients]))
    assert run.violation is None
    (loss,) = told(run, facts.LossBeyondPromise)
    assert loss.sentence.startswith("Record b of producer id 0 was sent once, and stands in orders-0 at offsets 0 and")
    assert "its leader knew nothing of the producer" in loss.sentence


@pytest.mark.parametrize(
    ("sent", "left_out"),
    [
        ([(7, 0, 0, "a"), (7, 0, 1, "b"), (7, 1, 0, "b")], set()),
        ([(7, 0, 1, "b"), (8, 0, 0, "c"), (7, 1, 0, "a"), (7, 1, 1, "b")], {b"b"}),
        ([None, (7, 0, 1, "b")], set()),
    ],
)
def test_only_who_did_not_begin_with_number_0_is_left_out(sent, left_out):
    """A batch that compaction took away may have been the first."""
    names, copy = {}, Copy()
    for place, batch in enumerate(sent):
        who, epoch, number, value = batch or (7, 0, 0, "gone")
        record = (0, None, value.encode(), ())
        made = build_batch([record], base_offset=place, producer_id=who, producer_epoch=epoch, base_sequence=number)
        add(names, copy, made)
        if batch is None:
            copy.cells[-1] = copy.cells[-1]._replace(data=b"")
    assert values_taken_unknown(copy) == left_out
    copy.begins = 1
    assert values_taken_unknown(copy) == set()


@pytest.mark.parametrize(
    ("sent", "excused"),
    [
        ([(7, 0, 0, "a"), (7, 0, 1, "b"), (7, 1, 0, "a")], {b"a"}),
        ([(7, 0, 0, "a"), (7, 0, 1, "b"), (7, 0, 2, "a")], set()),
        ([(8, 0, 0, "a"), (8, 1, 0, "a")], set()),
        ([(7, 0, 0, "a"), (7, 0, 1, "a"), (7, 1, 0, "a")], set()),
    ],
    ids=["anew", "twice in its session", "of somebody who is known", "anew, and twice before"],
)
def test_what_a_snapshot_forgets_excuses_only_who_began_anew(sent, excused):
    batches = [
        build_batch(
            [(0, None, value.encode(), ())],
            base_offset=place,
            producer_id=who,
            producer_epoch=epoch,
            base_sequence=number,
        )
        for place, (who, epoch, number, value) in enumerate(sent)
    ]
    assert values_begun_anew(batches, {(7, 0)}) == excused
    assert values_begun_anew(batches, set()) == set()
