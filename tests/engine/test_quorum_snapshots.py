"""Snapshots of the metadata log: what they hold, when they are taken, and who is caught up by one."""

from __future__ import annotations

import pytest

from minikafka.admin import AdminClient, NewTopic
from minikafka.cluster import Cluster
from minikafka.controller.quorum_log import QuorumLog
from minikafka.disk import MemoryDisk, StorageError
from minikafka.metadata import snapshot
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import (
    BROKER_SETTINGS,
    BrokerRegistrationChangeRecord,
    ConfigRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    RemoveTopicRecord,
    TopicRecord,
)
from minikafka.metadata.snapshot import Download, SnapshotId
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.quorum_messages import FetchSnapshotRequest
from minikafka.protocol.records import build_batch

RECORDS = [
    RegisterBrokerRecord(1, "a", 0, "localhost", 9092, "rack-1"),
    RegisterBrokerRecord(2, "b", 1),
    BrokerRegistrationChangeRecord(1, 0, fenced=False),
    BrokerRegistrationChangeRecord(2, 1, fenced=False),
    BrokerRegistrationChangeRecord(2, 1, in_controlled_shutdown=True),
    TopicRecord("gone", "id-0"),
    TopicRecord("orders", "id-1"),
    ConfigRecord("orders", "min.insync.replicas", "2"),
    ConfigRecord("1", "log.retention.ms", "5", BROKER_SETTINGS),
    ConfigRecord("2", "log.retention.ms", "5", BROKER_SETTINGS),
    ConfigRecord("2", "log.retention.ms", None, BROKER_SETTINGS),
    PartitionRecord("orders", 0, (1, 2), (1, 2), 1),
    PartitionChangeRecord("orders", 0, isr=(1,), elr=(2,)),
    PartitionChangeRecord("orders", 0, leader=-1, isr=(), elr=(2, 1), last_known_elr=(1,), recovering=True),
    PartitionChangeRecord("orders", 0, replicas=(1, 2, 3), adding_replicas=(3,), removing_replicas=(1,)),
    ProducerIdsRecord(1, 0, 2_000),
    RemoveTopicRecord("gone", "id-0"),
]


def replayed(records):
    image = MetadataImage()
    for record in records:
        image.replay(record)
    image.next_offset = len(records)
    return image


# --- what it holds ---


@pytest.mark.parametrize("count", range(len(RECORDS) + 1))
def test_an_image_from_a_snapshot_equals_the_image_from_replay(count):
    image = replayed(RECORDS[:count])
    assert vars(snapshot.image_of(snapshot.bytes_of(image, 3), count)) == vars(image)


@pytest.mark.parametrize("count", range(len(RECORDS) + 1))
def test_snapshot_and_the_records_after_it_come_to_the_same_as_all_records(count):
    image = snapshot.image_of(snapshot.bytes_of(replayed(RECORDS[:count]), 3), count)
    for record in RECORDS[count:]:
        image.replay(record)
    image.next_offset = len(RECORDS)
    assert vars(image) == vars(replayed(RECORDS))


def test_an_image_may_become_another_under_the_hands_of_those_who_hold_it():
    image = replayed(RECORDS[:3])
    brokers = image.brokers
    image.become(replayed(RECORDS))
    assert vars(image) == vars(replayed(RECORDS))
    assert image.brokers is brokers


# --- files and rules ---


def test_the_name_of_a_snapshot_says_where_it_ends_and_in_which_epoch():
    name = "__cluster_metadata-0/00000000000000004711-0000000003.checkpoint"
    assert snapshot.path_of(SnapshotId(4711, 3)) == name


def test_the_newest_snapshot_replaces_those_before_it():
    disk = MemoryDisk()
    assert snapshot.newest(disk) is None
    snapshot.save(disk, SnapshotId(9, 1), b"old")
    snapshot.save(disk, SnapshotId(10, 1), b"new")
    assert snapshot.newest(disk) == SnapshotId(10, 1)
    assert disk.paths() == [snapshot.path_of(SnapshotId(10, 1))]


@pytest.mark.parametrize(
    ("size", "since_ms", "due"), [(100, 0, True), (99, 0, False), (1, 1_000, True), (1, 999, False), (0, 5_000, False)]
)
def test_a_snapshot_is_due_after_so_many_bytes_or_so_much_time(size, since_ms, due):
    assert snapshot.is_due(size, since_ms, 100, 1_000) is due


@pytest.mark.parametrize(
    ("offset", "epoch", "needed"),
    [
        (0, -1, True),
        (9, 2, True),
        (10, 2, False),
        (10, 1, True),
        (10, -1, True),
        (10, 3, True),
        (11, 2, False),
        (11, 1, True),
    ],
)
def test_who_lacks_what_is_no_longer_in_the_log_needs_the_snapshot(offset, epoch, needed):
    assert snapshot.is_needed(offset, epoch, 10, SnapshotId(10, 2)) is needed
    assert not snapshot.is_needed(offset, epoch, 0, None)


def test_a_snapshot_comes_in_pieces():
    disk, wanted = MemoryDisk(), SnapshotId(10, 2)
    snapshot.save(disk, wanted, b"0123456789")
    download, done, pieces = Download(wanted), False, 0
    while not done:
        asked = download.next_request(3001, 5, 4)
        done = download.take(asked, snapshot.piece(disk, wanted, asked))
        pieces += 1
    assert (download.data, pieces) == (b"0123456789", 3)


def test_a_piece_of_a_snapshot_that_is_gone_or_beyond_its_end_is_refused():
    disk, here = MemoryDisk(), SnapshotId(10, 2)
    snapshot.save(disk, here, b"0123456789")
    gone = snapshot.piece(disk, here, FetchSnapshotRequest(1, 9, 2, 0))
    beyond = snapshot.piece(disk, here, FetchSnapshotRequest(1, 10, 2, 11))
    assert (gone.error, beyond.error) == (ErrorCode.SNAPSHOT_NOT_FOUND, ErrorCode.POSITION_OUT_OF_RANGE)


def test_a_log_that_is_all_snapshot_remembers_the_epoch_of_its_last_record():
    disk = MemoryDisk()
    log = QuorumLog(disk, 1_000)
    log.append(build_batch([(0, None, b"x", ())]), 3)
    log.commit(1, as_leader=True)
    image = MetadataImage()
    image.next_offset = 1
    log.take_snapshot(image)
    assert QuorumLog(disk, 1_000).end() == log.end() == (3, 1)
    assert QuorumLog(disk, 1_000).what_to_ask(3, 10).last_fetched_epoch == 3


# --- in a cluster ---

SETTINGS = {"metadata.log.max.record.bytes.between.snapshots": 2_000, "replica.fetch.max.bytes": 700}


def create(cluster, first, count):
    admin = AdminClient({"bootstrap.servers": cluster})
    for number in range(first, first + count):
        admin.create_topics([NewTopic(f"topic-{number}", 1, 1)])[f"topic-{number}"].result()


def loaded(cluster, node):
    told = cluster.sim.recorder.told
    return [fact for _, who, fact in told if who == node and isinstance(fact, facts.SnapshotLoaded)]


def known(cluster, node):
    process = cluster.sim.process(node)
    image = process.image if node.startswith("controller") else process.metadata.image
    return image.next_offset, image.topics, image.brokers


@pytest.mark.parametrize("controllers", [1, 3])
def test_the_log_begins_where_the_newest_snapshot_ends(controllers):
    cluster = Cluster(brokers=1, seed=3, controllers=controllers, settings=SETTINGS)
    create(cluster, 0, 12)
    log = cluster.sim.active_controller().voter.log
    assert log.snapshot is not None
    assert 0 < log.log.log_start_offset == log.snapshot.end_offset <= log.high_watermark


@pytest.mark.parametrize("controllers", [1, 3])
def test_a_broker_that_slept_through_a_snapshot_fetches_it_and_goes_on(controllers):
    cluster = Cluster(brokers=2, seed=3, controllers=controllers, settings=SETTINGS)
    cluster.strike("crash", 2)
    create(cluster, 0, 15)
    cluster.run(12)
    cluster.strike("restart", 2)
    cluster.run(20)
    create(cluster, 15, 1)
    cluster.run(2)
    assert loaded(cluster, "broker-2")
    assert known(cluster, "broker-2") == known(cluster, "broker-1")
    assert known(cluster, "broker-2") == known(cluster, cluster.sim.active_controller().id)


def test_a_broker_whose_disk_is_full_keeps_its_image_and_its_replicas_until_there_is_space_for_a_snapshot():
    cluster = Cluster(brokers=2, seed=3, controllers=3, settings=SETTINGS)
    create(cluster, 0, 1)
    cluster.strike("fill_disk", 2)
    create(cluster, 1, 15)
    cluster.run(5)
    assert not loaded(cluster, "broker-2")
    assert "topic-0" in known(cluster, "broker-2")[1]
    cluster.strike("free_disk", 2)
    cluster.run(5)
    assert loaded(cluster, "broker-2")
    assert known(cluster, "broker-2") == known(cluster, cluster.sim.active_controller().id)


def test_a_controller_whose_disk_is_full_takes_no_snapshot_and_keeps_the_one_it_has():
    cluster = Cluster(brokers=1, seed=3, controllers=1, settings=SETTINGS)
    create(cluster, 0, 12)
    controller = cluster.sim.active_controller()
    log, end_offset = controller.voter.log, controller.image.next_offset
    before = log.snapshot
    cluster.strike("fill_disk", controller.id)
    with pytest.raises(StorageError):
        log.take_snapshot(controller.image)
    assert snapshot.newest(log.disk) == log.snapshot == before != (end_offset, log.last_epoch)


def test_a_voter_that_slept_through_a_snapshot_fetches_it_and_can_lead():
    cluster = Cluster(brokers=1, seed=3, controllers=3, settings=SETTINGS)
    sim = cluster.sim
    asleep = next(node for node in sim.controllers if node != sim.active_controller().id)
    cluster.strike("crash", asleep)
    create(cluster, 0, 15)
    cluster.strike("restart", asleep)
    cluster.run(5)
    assert loaded(cluster, asleep)
    assert known(cluster, asleep) == known(cluster, sim.active_controller().id)
    others = [node for node in sim.controllers if node != asleep]
    create(cluster, 15, 1)
    for node in others:
        cluster.strike("crash", node)
    cluster.strike("restart", others[0])
    cluster.run(10)
    assert sim.active_controller().is_active
    assert set(sim.active_controller().image.topics) == {f"topic-{number}" for number in range(16)}


@pytest.mark.parametrize("controllers", [1, 3])
def test_a_quorum_restarts_from_its_snapshots(controllers):
    cluster = Cluster(brokers=1, seed=3, controllers=controllers, settings=SETTINGS)
    create(cluster, 0, 15)
    cluster.run(2)
    before = cluster.sim.active_controller().image.topics
    for node in cluster.sim.controllers:
        cluster.strike("power_loss", node)
    for node in cluster.sim.controllers:
        cluster.strike("restart", node)
    cluster.run(10)
    assert cluster.sim.active_controller().image.topics == before
    create(cluster, 15, 1)
