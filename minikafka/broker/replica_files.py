"""Which topic a replica's files belong to, and taking them away when it is gone.

A topic that is deleted and created again has the same name and another id. A broker that was down meanwhile still has
the files of the old one: beside each log stands a small file with the topic's id, and what does not match is removed.

```
 orders-0/partition.metadata   topic_id: 0000…07     the metadata log says orders is 0000…09   → removed, begun anew
```

Mirrors `PartitionMetadataFile` and `LogManager.asyncDelete`. What we leave out: the delay (file.delete.delay.ms) and
the renaming to `-delete` and `-stray`; files go at once.
"""

from __future__ import annotations

from minikafka.disk import Disk
from minikafka.types import METADATA_PARTITION, TopicPartition

_NAME = "partition.metadata"


def claim(disk: Disk, partition: TopicPartition, topic_id: str) -> bool:
    """Make the files of `partition` those of this topic; True when those of another with its name were removed."""
    path = f"{partition}/{_NAME}"
    wanted = f"version: 0\ntopic_id: {topic_id}\n".encode()
    found = disk.read(path, 0, disk.size(path))
    if found == wanted:
        return False
    if found:
        remove(disk, partition)
    disk.replace(path, wanted)
    return bool(found)


def remove(disk: Disk, partition: TopicPartition) -> None:
    """Remove all files of a replica."""
    for path in disk.paths():
        if path.startswith(f"{partition}/"):
            disk.delete(path)


def found_on(disk: Disk) -> list[TopicPartition]:
    """All replicas that have files here, by name."""
    folders = dict.fromkeys(path.partition("/")[0] for path in disk.paths() if path.endswith(f"/{_NAME}"))
    names = [folder.rpartition("-") for folder in folders]
    found = [TopicPartition(topic, int(number)) for topic, _, number in names if number.isdecimal()]
    return [name for name in found if name != METADATA_PARTITION]
