"""One replica's log: append, read, cut, recover, and what it says about epochs."""

from __future__ import annotations

from random import Random

import pytest

from minikafka.disk import MemoryDisk, StorageError
from minikafka.log import leader_epochs
from minikafka.log.leader_epochs import Cut, EpochEnd
from minikafka.log.partition_log import PartitionLog
from minikafka.protocol import facts
from minikafka.protocol.records import build_batch, records_in, split_batches
from minikafka.types import TopicPartition

ORDERS = TopicPartition("orders", 0)


def log_of(*epochs: int, disk: MemoryDisk | None = None) -> PartitionLog:
    """A log with one record of each of these epochs: values r0, r1, …"""
    log = PartitionLog(ORDERS, disk or MemoryDisk())
    for number, epoch in enumerate(epochs):
        log.append_as_leader(batch(f"r{number}"), epoch)
    return log


def batch(*values: str):
    return build_batch([(0, None, value.encode(), ()) for value in values])


def newest(disk: MemoryDisk) -> str:
    """The file that is appended to."""
    return [path for path in disk.paths() if path.endswith(".log")][-1]


def values(log: PartitionLog) -> list[str]:
    return [record.value.decode() for whole in log.batches() for record in whole.records()]


def test_a_leader_gives_offset_and_epoch():
    log = log_of(0)
    written = log.append_as_leader(batch("x", "y"), 3)
    assert (written.base_offset, written.next_offset, written.leader_epoch) == (1, 3, 3)
    assert (log.log_end_offset, log.last_epoch, log.high_watermark) == (3, 3, 0)


def test_a_follower_takes_batches_as_they_are_and_only_once():
    leader, follower = log_of(0, 0, 2), PartitionLog(ORDERS, MemoryDisk())
    copies = list(leader.batches())
    assert [follower.append_as_follower(copy) for copy in copies] == [True, True, True]
    assert not follower.append_as_follower(copies[1])
    assert follower.read(0, 1 << 20, 3) == leader.read(0, 1 << 20, 3)
    assert follower.epochs.entries == ((0, 0), (2, 2))


def test_read_gives_whole_batches_at_least_one_and_nothing_above_its_bound():
    log = PartitionLog(ORDERS, MemoryDisk())
    for group in (("a", "b"), ("c",), ("d", "e", "f")):
        log.append_as_leader(batch(*group), 0)
    assert [record.offset for record in records_in(log.read(1, 1, 6))] == [0, 1], "the batch that holds the offset"
    assert [one.base_offset for one in split_batches(log.read(0, 1 << 20, 3))] == [0, 2]
    assert [one.base_offset for one in split_batches(log.read(3, 1, 6))] == [3]
    assert log.read(6, 100, 6) == b""
    assert log.read(3, 100, 3) == b""


def test_cutting_takes_whole_batches_epochs_and_the_watermark_with_it():
    log = log_of(0, 0, 1, 4)
    log.move_high_watermark(4)
    assert log.truncate_to(2)
    assert (log.log_end_offset, log.epochs.entries, log.high_watermark) == (2, ((0, 0),), 2)
    log.append_as_leader(batch("x", "y"), 5)
    assert log.truncate_to(3), "3 lies inside a batch"
    assert values(log) == ["r0", "r1"]


def test_cutting_nothing_still_forgets_an_epoch_that_wrote_nothing():
    """`UnifiedLog.truncateTo`: else a leader that wrote nothing asks for its own epoch for ever."""
    log = log_of(0)
    log.epochs.assign(1, 1)
    assert log.last_epoch == 1
    assert not log.truncate_to(1)
    assert (log.last_epoch, log.log_end_offset) == (0, 1)


def test_recovery_finds_everything_again():
    disk = MemoryDisk()
    log_of(0, 0, 2, disk=disk)
    again = PartitionLog(ORDERS, disk)
    assert (values(again), again.epochs.entries, again.high_watermark) == (["r0", "r1", "r2"], ((0, 0), (2, 2)), 0)


@pytest.mark.parametrize("torn", [1, 8, 30, 68])
def test_a_torn_tail_is_cut_off_whole(torn):
    disk = MemoryDisk()
    log_of(0, 0, disk=disk)
    path = newest(disk)
    disk.truncate(path, disk.size(path) - torn)
    again = PartitionLog(ORDERS, disk)
    assert values(again) == ["r0"]
    assert again.take_news() == [facts.TailCut(ORDERS, 1, 70 - torn)]
    again.append_as_leader(batch("new"), 1)
    assert values(PartitionLog(ORDERS, disk)) == ["r0", "new"]


def test_a_flipped_bit_ends_the_log_there():
    disk = MemoryDisk()
    log_of(0, 0, 0, disk=disk)
    path = newest(disk)
    disk.files[path][disk.size(path) // 3 + 40] ^= 0x10
    assert values(PartitionLog(ORDERS, disk)) == ["r0"]


class FullDisk(MemoryDisk):
    """Takes nothing."""

    def append(self, path: str, data: bytes) -> None:
        raise StorageError("full")


def test_a_refused_write_changes_nothing():
    log = PartitionLog(ORDERS, FullDisk())
    with pytest.raises(StorageError):
        log.append_as_leader(batch("x"), 1)
    assert (log.log_end_offset, log.epochs.entries, log.read(0, 100, 1)) == (0, (), b"")


def test_the_watermark_stays_between_start_and_end():
    log = log_of(0, 0)
    assert log.move_high_watermark(9) and log.high_watermark == 2
    assert not log.move_high_watermark(2)
    assert log.move_high_watermark(-1) and log.high_watermark == 0


@pytest.mark.parametrize("seed", range(40))
def test_a_log_is_a_list_that_survives_its_process(seed):
    """Random appends, cuts, reads, restarts and torn tails, beside a plain list of batches."""
    random, disk, model, epoch = Random(seed), MemoryDisk(), [], 0
    log = PartitionLog(ORDERS, disk)
    for number in range(60):
        match random.choice(("append", "append", "append", "cut", "reopen", "tear", "read")):
            case "append":
                epoch += random.random() < 0.2
                model.append(log.append_as_leader(batch(*"xyz"[: random.randint(1, 3)]), epoch))
            case "cut":
                to = random.randint(0, log.log_end_offset)
                log.truncate_to(to)
                model = [one for one in model if one.next_offset <= to]
            case "reopen":
                log = PartitionLog(ORDERS, disk)
            case "tear" if model:
                path = newest(disk)
                disk.truncate(path, disk.size(path) - random.randint(1, len(model[-1].data)))
                model.pop()
                log = PartitionLog(ORDERS, disk)
            case "read" if model:
                one = random.choice(model)
                got = log.read(random.randint(one.base_offset, one.last_offset), 1, log.log_end_offset)
                assert got == one.data, f"operation {number}"
        assert log.log_end_offset == (model[-1].next_offset if model else 0)
        assert [one.data for one in log.batches()] == [one.data for one in model]
        starts = {one.leader_epoch: one.base_offset for one in reversed(model)}
        assert log.epochs.entries == tuple(sorted(starts.items())), f"operation {number}"


# --- Leader epochs ---


def test_where_an_epoch_ends():
    entries = ((0, 0), (2, 8))
    assert [leader_epochs.end_of_epoch(entries, 9, asked) for asked in (0, 1, 2, 3, -1)] == [
        EpochEnd(0, 8), EpochEnd(0, 8), EpochEnd(2, 9), None, None,
    ]  # fmt: skip
    assert leader_epochs.end_of_epoch(((0, 0), (2, 3)), 4, 1) == EpochEnd(0, 3)
    assert leader_epochs.end_of_epoch(((2, 5), (3, 7)), 9, 1) == EpochEnd(1, 5), "below all: where the first begins"
    assert leader_epochs.end_of_epoch((), 0, 0) is None


@pytest.mark.parametrize(
    ("own", "own_end", "mark", "answer", "cut"),
    [
        (((0, 0), (1, 1)), 3, 0, EpochEnd(0, 3), Cut(1, True)),
        (((0, 0), (1, 3), (3, 7)), 9, 0, EpochEnd(2, 9), Cut(7, False)),
        (((0, 0),), 10, 6, EpochEnd(0, 8), Cut(8, True)),
        (((0, 0),), 7, 6, EpochEnd(0, 8), Cut(7, True)),
        (((0, 0),), 10, 6, EpochEnd(0, 0), Cut(0, True)),
        (((0, 0),), 10, 6, None, Cut(6, True)),
        (((2, 4),), 9, 0, EpochEnd(1, 6), Cut(4, True)),
        ((), 5, 0, EpochEnd(1, 3), Cut(3, True)),
    ],
)
def test_where_a_follower_cuts(own, own_end, mark, answer, cut):
    assert leader_epochs.truncation_step(own, own_end, mark, answer) == cut


def test_the_classic_return_of_an_old_leader():
    """A led epoch 0 with offsets 0-9, B had 0-7 and leads epoch 1 from 8: A's 8 and 9 must go (KIP-101)."""
    a, b = log_of(*[0] * 10), log_of(*[0] * 8)
    b.epochs.assign(1, 8)
    answer = b.divergence(a.last_epoch, a.log_end_offset)
    assert answer == EpochEnd(0, 8)
    assert a.truncation_step(answer) == Cut(8, True)


def test_logs_that_agree_do_not_diverge():
    leader = log_of(0, 0, 2)
    assert leader.divergence(0, 1) is None
    assert leader.divergence(0, 2) is None
    assert leader.divergence(2, 3) is None
    assert leader.divergence(-1, 0) is None, "an empty log agrees with everything"
    assert leader.divergence(0, 3) == EpochEnd(0, 2)
    assert leader.divergence(1, 3) == EpochEnd(0, 2), "an epoch this leader never had"
    assert leader.divergence(5, 3) is None and leader.end_of_epoch(5) is None, "newer than all: cannot tell"


def test_an_epoch_that_wrote_nothing_gives_way():
    log = log_of(0)
    log.epochs.assign(1, 1)
    log.epochs.assign(2, 1)
    assert log.epochs.entries == ((0, 0), (2, 1))
    assert [log.epochs.epoch_at(offset) for offset in (0, 1, 5)] == [0, 2, 2]
