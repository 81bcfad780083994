"""A producer tries again what can be tried again, and says so in the end."""

from __future__ import annotations

from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.sim.checkers import all_checkers
from minikafka.sim.schedule import Setup, play, schedule
from minikafka.trace.trace import Told


def played(*lines, setup=None, **options):
    run = play(setup or Setup(), schedule(*lines), all_checkers(), **options)
    assert run.violation is None, run.violation
    return run


def told(run, kind):
    return [one.fact for one in run.sim.recorder.told if isinstance(one, Told) and isinstance(one.fact, kind)]


def test_a_crash_of_the_leader_is_survived_without_the_application():
    run = played((0, "send", "a"), (100, "crash", 1), (200, "send", "b"), (20_000, "send", "c"))
    values = [fact.values for fact in told(run, facts.ProduceAcknowledged)]
    assert values == [(b"a",), (b"b",), (b"c",)]
    assert any(fact.error in (ErrorCode.NETWORK_EXCEPTION, ErrorCode.NOT_LEADER_OR_FOLLOWER)
               for fact in told(run, facts.ProduceRetried))  # fmt: skip
    assert [(fact.leader, fact.leader_epoch) for fact in told(run, facts.LeaderLearned)][-1] == (2, 1)


def test_a_lost_answer_makes_a_second_copy_without_idempotence():
    """The duplicate has one reason: an answer was lost and the producer tried again."""
    setup = Setup(min_isr=1, replicas=(1,))
    for at_ms in range(101, 108):
        run = played((100, "send", "x"), (at_ms, "disconnect", 1, "producer-A"), setup=setup)
        copies = [fact for fact in told(run, facts.RecordsAppended) if fact.partition == setup.partition]
        if len(copies) == 2:
            break
    assert len(copies) == 2
    assert [fact.base_offset for fact in told(run, facts.ProduceAcknowledged)] == [1]


def test_metadata_of_an_older_epoch_is_not_believed():
    from minikafka.client.cluster_metadata import ClusterMetadata

    setup = Setup()
    client = ClusterMetadata(("broker-1",))
    assert client.learn(setup.partition, 2, 5)
    assert client.learn(setup.partition, 1, 4) == []
    assert client.learn(setup.partition, 2, 5) == []
    assert (client.leader_of(setup.partition), client.epoch_of(setup.partition)) == (2, 5)


def test_too_few_replicas_is_retried_until_there_are_enough():
    run = played((0, "crash", 2), (0, "crash", 3), (12_000, "send", "x"), (20_000, "restart", 2))
    errors = {fact.error for fact in told(run, facts.ProduceRetried)}
    assert ErrorCode.NOT_ENOUGH_REPLICAS in errors
    assert [fact.values for fact in told(run, facts.ProduceAcknowledged)] == [(b"x",)]


def test_after_the_delivery_timeout_the_application_hears_of_it():
    run = played((0, "crash", 2), (0, "crash", 3), (12_000, "send", "x"), (140_000, "read"))
    failed = told(run, facts.ProduceFailed)
    assert [(fact.values, fact.error) for fact in failed] == [((b"x",), ErrorCode.REQUEST_TIMED_OUT)]
    assert {fact.error for fact in told(run, facts.ProduceRetried)} == {ErrorCode.NOT_ENOUGH_REPLICAS}


def test_a_consumer_follows_the_leader_and_reads_every_record_once():
    run = played((0, "read"), (10, "send", "a"), (500, "send", "b"), (1_000, "crash", 1), (20_000, "send", "c"))
    given = [record[3] for fact in told(run, facts.RecordsConsumed) for record in fact.records]
    assert given == [b"a", b"b", b"c"]
