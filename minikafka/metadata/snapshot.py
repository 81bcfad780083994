"""The metadata log in short: records that rebuild the image, in one file, so that what lies before it may go.

```
 log        0 ─────────────────────────── 4711 ───────▶      records 0 to 4710: every change there ever was
 snapshot   [00000000000000004711-0000000003.checkpoint]      what they come to; 3 is the epoch of record 4710
                                          └▶ the log may begin here
```

* An image built from a snapshot and the records after it equals the image built from all records (promise I16).
* The file is written whole or not at all; its name says where it ends, and in which epoch.
* Who is too far behind for the log gets the snapshot in pieces, and goes on from its end.

Mirrors `RecordsSnapshotWriter`, `ImageWriter`, `Snapshots` and the follower's part of FetchSnapshot (KIP-630). What we
leave out: the header and footer records of a snapshot, keeping more than the newest one.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.disk import Disk, StorageError
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import (
    BrokerRegistrationChangeRecord,
    ConfigRecord,
    MetadataRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    TopicRecord,
    decode,
    encode,
)
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.quorum_messages import FetchSnapshotRequest, FetchSnapshotResponse
from minikafka.protocol.records import build_batch, split_batches
from minikafka.types import METADATA_PARTITION, NO_EPOCH, Epoch, Millis, Offset

SUFFIX = ".checkpoint"
RECORDS_IN_A_BATCH = 1_000


class SnapshotId(NamedTuple):
    """Which snapshot: the first offset it does not contain, and the epoch of the last record it does."""

    end_offset: Offset
    epoch: Epoch


def is_due(bytes_since: int, since_ms: Millis, most_bytes: int, most_ms: Millis) -> bool:
    """Is it time for a snapshot, with so much committed since the last one, so long ago? (`SnapshotGenerator`)."""
    return bytes_since >= most_bytes or (bytes_since > 0 and since_ms >= most_ms)


def is_needed(fetch_offset: Offset, last_fetched_epoch: Epoch, log_start: Offset, newest: SnapshotId | None) -> bool:
    """Is what this reader needs no longer in the log? (`KafkaRaftLog.validateOffsetAndEpoch`)."""
    if newest is None:
        return False
    if fetch_offset == log_start:
        return last_fetched_epoch != newest.epoch
    return fetch_offset < log_start or last_fetched_epoch < newest.epoch


# --- image and records ---


def records_of(image: MetadataImage) -> list[MetadataRecord]:
    """Records that build this image from nothing."""
    records: list[MetadataRecord] = []
    for broker, one in sorted(image.brokers.items()):
        records.append(
            RegisterBrokerRecord(broker, one.incarnation_id, one.broker_epoch, one.host, one.port, one.rack)
        )
        if not one.fenced or one.in_controlled_shutdown:
            leaving = one.in_controlled_shutdown or None
            records.append(BrokerRegistrationChangeRecord(broker, one.broker_epoch, one.fenced, leaving))
    for name in sorted(image.topics):
        records += _records_of_topic(image, name)
    for (kind, name), settings in sorted(image.settings.items()):
        records += [ConfigRecord(name, key, value, kind) for key, value in sorted(settings.items())]
    if image.next_producer_id:
        records.append(ProducerIdsRecord(-1, NO_EPOCH, image.next_producer_id))
    return records


def _records_of_topic(image: MetadataImage, name: str) -> list[MetadataRecord]:
    topic = image.topics[name]
    records: list[MetadataRecord] = [TopicRecord(name, topic.topic_id)]
    records += [ConfigRecord(name, key, value) for key, value in sorted(topic.configs.items())]
    for number, one in sorted(topic.partitions.items()):
        records.append(
            PartitionRecord(
                name, number, one.replicas, one.isr, one.leader, one.leader_epoch, one.partition_epoch, one.elr,
                one.last_known_elr, one.recovering, one.adding_replicas, one.removing_replicas,
            )
        )  # fmt: skip
    return records


def bytes_of(image: MetadataImage, epoch: Epoch) -> bytes:
    """The file: record batches, as in a log."""
    records = records_of(image)
    data = b""
    for first in range(0, len(records), RECORDS_IN_A_BATCH):
        part = records[first : first + RECORDS_IN_A_BATCH]
        batch = build_batch([(0, None, encode(record), ()) for record in part])
        data += batch.stamped(first, epoch).data
    return data


def image_of(data: bytes, end_offset: Offset) -> MetadataImage:
    """The image that a snapshot holds."""
    image = MetadataImage()
    for batch in split_batches(data):
        batch.check()
        for packed in batch.records():
            assert packed.value is not None, "a metadata record has a value"
            image.replay(decode(packed.value))
    image.next_offset = end_offset
    return image


# --- files ---


def path_of(snapshot: SnapshotId) -> str:
    """The name of the file (`Snapshots.filenameFromSnapshotId`)."""
    return f"{METADATA_PARTITION}/{snapshot.end_offset:020d}-{snapshot.epoch:010d}{SUFFIX}"


def newest(disk: Disk) -> SnapshotId | None:
    """The newest snapshot on a disk."""
    names = [path.rpartition("/")[2] for path in disk.paths() if path.endswith(SUFFIX)]
    found = (name.removesuffix(SUFFIX).split("-") for name in names)
    return max((SnapshotId(int(offset), int(epoch)) for offset, epoch in found), default=None)


def save(disk: Disk, snapshot: SnapshotId, data: bytes) -> None:
    """Write a snapshot, then delete those before it. Raises `StorageError`, leaving them, when it is not there."""
    disk.replace(path_of(snapshot), data)
    if disk.size(path_of(snapshot)) != len(data):
        raise StorageError(f"no space left on the disk for {path_of(snapshot)}")
    for path in disk.paths():
        if path.endswith(SUFFIX) and path != path_of(snapshot):
            disk.delete(path)


def load(disk: Disk, snapshot: SnapshotId) -> MetadataImage:
    """The image of a snapshot on this disk."""
    path = path_of(snapshot)
    return image_of(disk.read(path, 0, disk.size(path)), snapshot.end_offset)


# --- pieces ---


class Download:
    """A snapshot that comes in pieces."""

    def __init__(self, snapshot: SnapshotId) -> None:
        self.snapshot = snapshot
        self.data = b""

    def next_request(self, replica_id: int, epoch: Epoch, max_bytes: int) -> FetchSnapshotRequest:
        """Ask for what follows."""
        end_offset, snapshot_epoch = self.snapshot
        return FetchSnapshotRequest(replica_id, end_offset, snapshot_epoch, len(self.data), epoch, max_bytes)

    def take(self, asked: FetchSnapshotRequest, answer: FetchSnapshotResponse) -> bool:
        """Use a piece; True if that was the last one. A piece of something else, or asked for twice, is left."""
        if answer.error == ErrorCode.NONE and answer.position == len(self.data) == asked.position:
            self.data += answer.data
        return len(self.data) == answer.size


def piece(disk: Disk, newest_here: SnapshotId | None, asked: FetchSnapshotRequest) -> FetchSnapshotResponse:
    """The answer to a request for a piece of a snapshot on this disk."""
    snapshot = SnapshotId(asked.snapshot_end_offset, asked.snapshot_epoch)
    if snapshot != newest_here:
        return FetchSnapshotResponse(ErrorCode.SNAPSHOT_NOT_FOUND)
    path = path_of(snapshot)
    size = disk.size(path)
    if not 0 <= asked.position <= size:
        return FetchSnapshotResponse(ErrorCode.POSITION_OUT_OF_RANGE)
    data = disk.read(path, asked.position, asked.max_bytes)
    return FetchSnapshotResponse(ErrorCode.NONE, size, asked.position, data)
