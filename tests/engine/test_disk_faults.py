"""Disks that fail under a running cluster, and what a restarted broker finds on them."""

from __future__ import annotations

from random import Random

import pytest

from minikafka.config import TopicConfig
from minikafka.log.loading import Opening
from minikafka.log.partition_log import PartitionLog
from minikafka.protocol import facts
from minikafka.protocol.records import build_batch
from minikafka.sim import faults
from minikafka.sim.checkers import all_checkers
from minikafka.sim.disk import SimulatedDisk
from minikafka.sim.schedule import Setup, play, schedule
from minikafka.types import TopicPartition

ORDERS = TopicPartition("orders", 0)


def told(run, kind) -> list:
    return [one.fact for one in run.sim.recorder.told if type(one.fact) is kind]


def logs(run) -> list[list[bytes]]:
    brokers = run.sim.running_brokers()
    return [[batch.data for batch in broker.replicas.partitions[ORDERS].log.batches()] for broker in brokers]


@pytest.mark.parametrize(("verb", "damage"), [("tear", "torn"), ("flip", "flipped")])
def test_a_damaged_tail_is_cut_at_the_restart_and_fetched_again(verb, damage):
    lines = [(100 * number, "send", str(number)) for number in range(6)]
    run = play(Setup(), schedule(*lines, (700, verb, 2), (800, "restart", 2)))
    assert [(fact.node, fact.damage) for fact in told(run, facts.DiskDamaged)] == [("broker-2", damage)]
    assert [fact.partition for fact in told(run, facts.TailCut)].count(ORDERS) == 1
    one, two, three = logs(run)
    assert one == two == three and len(one) == 6


def test_a_lying_disk_loses_even_what_was_flushed():
    disk = SimulatedDisk(lambda: 0)
    disk.append("a.log", b"before")
    disk.flush("a.log")
    disk.replace("mark", b"old")
    disk.lie()
    disk.append("a.log", b" after")
    disk.flush("a.log")
    disk.replace("mark", b"new")
    disk.replace("fresh", b"x")
    assert (disk.durable_size("a.log"), disk.read("mark", 0, 9)) == (6, b"new")
    disk.lose_page_cache()
    assert (disk.read("a.log", 0, 99), disk.read("mark", 0, 9), disk.size("fresh")) == (b"before", b"old", 0)


ALL_LOSE_POWER = [(100 * number, "send", str(number)) for number in range(3)]
ALL_LOSE_POWER += [(60_000, "power_loss", broker) for broker in (1, 2, 3)]
ALL_LOSE_POWER += [(70_000, "restart", broker) for broker in (1, 2, 3)]


def test_when_all_disks_lie_and_lose_power_the_loss_is_reported_and_nobody_is_blamed():
    """Promise I13 turned off: the checkers must neither be silent nor accuse."""
    lies = [(0, "lie", broker) for broker in (1, 2, 3)]
    run = play(Setup(), schedule(*lies, *ALL_LOSE_POWER), all_checkers())
    assert run.violation is None
    (loss,) = told(run, facts.LossBeyondPromise)
    assert "is gone; that is beyond what Kafka promises" in loss.sentence


def test_honest_disks_have_written_everything_back_by_then():
    run = play(Setup(), schedule(*ALL_LOSE_POWER), all_checkers())
    assert (run.violation, told(run, facts.LossBeyondPromise)) == (None, [])
    assert len(logs(run)[0]) == 3


@pytest.mark.parametrize("verb", ["power_loss", "tear", "flip"])
def test_one_disk_that_lies_is_one_lossy_crash_and_covered(verb):
    lines = [(0, "lie", 1), *ALL_LOSE_POWER[:3], (60_000, verb, 1), (70_000, "restart", 1)]
    run = play(Setup(), schedule(*lines), all_checkers())
    assert (run.violation, told(run, facts.LossBeyondPromise)) == (None, [])


def test_a_disk_that_stops_lying_flushes_again():
    disk = SimulatedDisk(lambda: 0)
    disk.lie()
    disk.append("a.log", b"x")
    disk.flush("a.log")
    disk.lie(False)
    disk.flush("a.log")
    disk.lose_page_cache()
    assert disk.size("a.log") == 1


def test_a_process_waits_for_its_slow_disk_and_everything_still_comes_in_order():
    lines = [(10 * number, "send", str(number)) for number in range(20)]
    slow = play(Setup(), schedule((0, "slow_disk", 1, {"write_ms": 50}), *lines, (3_000, "fast_disk", 1)))
    fast = play(Setup(), schedule(*lines))
    assert logs(slow)[0] and logs(slow)[0] == logs(slow)[1] == logs(slow)[2]
    values = [record.value for batch in slow.sim.running_brokers()[0].replicas.partitions[ORDERS].log.batches()
              for record in batch.records()]  # fmt: skip
    assert values == [str(number).encode() for number in range(20)]
    acknowledged = [fact for fact in told(slow, facts.ProduceAnswered) if not fact.error]
    assert len(acknowledged) <= len(told(fast, facts.ProduceAnswered)), "records wait, and travel together"


def test_each_verb_that_breaks_has_one_that_mends_or_a_restart():
    assert {"tear", "flip", "slow_disk", "lie"} <= set(faults.FAULTS)
    assert {"fast_disk", "stop_lying"} <= set(faults.MENDS)
    run = play(Setup(), schedule((0, "lie", 1), (1, "slow_disk", 2), (2, "fill_disk", 3)))
    disks = [run.sim.machines[f"broker-{broker}"].disk for broker in (1, 2, 3)]
    assert not any(disk.lying or disk.write_ms or disk.full for disk in disks)


@pytest.mark.parametrize("seed", range(60))
def test_a_log_is_a_list_whatever_happens_to_its_files(seed):
    """Random appends, rolls, cuts, flushes, stops, crashes, torn and flipped tails, beside a list (promise I13)."""
    random, disk = Random(seed), SimulatedDisk(lambda: 0)
    config = TopicConfig(segment_bytes=random.choice((150, 300, 1_000)), index_interval_bytes=random.choice((0, 100)))
    log, model, durable, epoch = PartitionLog(ORDERS, disk, config), [], 0, 0
    for number in range(120):
        match random.choice(("append",) * 6 + ("cut", "flush", "stop", "crash", "power", "torn", "flipped", "start")):
            case "append":
                epoch += random.random() < 0.1
                size = random.randint(1, 3)
                one = build_batch([(number, None, b"x" * random.randint(0, 30), ())] * size, producer_id=7,
                                  producer_epoch=0, base_sequence=log.producers.entries[7].last_sequence + 1
                                  if 7 in log.producers.entries else 0)  # fmt: skip
                assert not log.check_producer(one).error
                model.append(log.append_as_leader(one, epoch))
            case "cut":
                to = random.randint(log.log_start_offset, log.log_end_offset)
                log.truncate_to(to)
                model = [one for one in model if one.next_offset <= to]
            case "flush":
                log.flush()
            case "start":
                log.move_high_watermark(log.log_end_offset)
                log.move_log_start(random.randint(log.log_start_offset, log.log_end_offset), "DeleteRecords")
                log.delete_old_segments(0)
            case "stop":
                log.close()
                log = PartitionLog(ORDERS, disk, config, Opening(True, log.recovery_point, log.log_start_offset))
            case how:
                start, point = log.log_start_offset, random.choice((0, log.recovery_point))
                if how != "crash":
                    durable = min(log.recovery_point, log.log_end_offset)
                    disk.lose_page_cache("" if how == "power" else how, random)
                log = PartitionLog(ORDERS, disk, config, Opening(False, point, start))
                assert log.log_end_offset >= durable or how == "crash", "what was flushed is still there"
                end = log.log_end_offset
                assert not model or end in {one.next_offset for one in model} | {model[0].base_offset, start}
                model = [one for one in model if one.next_offset <= end]
                durable = 0
        model = [one for one in model if one.next_offset > log.segments.first_offset]
        kept = [one for one in model if one.next_offset > log.log_start_offset]
        assert [one.data for one in log.batches()] == [one.data for one in kept], f"operation {number}"
        if kept:
            one = random.choice(kept)
            at = max(one.base_offset, log.log_start_offset)
            assert log.read(at, 1, log.log_end_offset) == one.data
            assert log.producers.entries[7].batches[-1].last_offset == kept[-1].last_offset, "the book is the log's"
            late = next(each for each in kept if each.max_timestamp_ms >= one.max_timestamp_ms)
            assert log.offset_for_time(one.max_timestamp_ms)[1] == max(late.base_offset, log.log_start_offset)
