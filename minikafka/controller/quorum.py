"""The controllers' log and who may write it.

Controllers are voters of a Raft quorum whose log is `__cluster_metadata`; its leader is the *active controller*. A
record counts when a majority of voters has it on disk, and the leader counts only once a record of its own epoch does:

```
voters' log ends   7  7  5     → sorted down, the middle one: 7 is on a majority
```

Compare `advance_high_watermark` in `broker/partition.py`: there *all* of the ISR must have a record, and the ISR can
shrink; here a majority is enough, and the voters are fixed. Two commit rules, one log (D2).

* The epoch is on disk before it counts (D4), so it only rises, also across restarts.

Mirrors `QuorumState` and `LeaderState`. What we leave out, until the quorum has more than one voter: votes, pre-votes,
followers among the controllers, snapshots, resignation.
"""

from __future__ import annotations

import json

from minikafka.disk import Disk
from minikafka.log.partition_log import PartitionLog
from minikafka.protocol.records import RecordBatch, build_batch
from minikafka.types import METADATA_PARTITION, Epoch, Millis, Offset

STATE_PATH = "quorum-state"
_LEADER_CHANGE_KEY = b"\x00\x00\x00\x02"
"""Control record of version 0, type 2 (LEADER_CHANGE)."""


def majority_high_watermark(current: Offset, voter_ends: tuple[Offset, ...], epoch_start: Offset) -> Offset:
    """What a majority of voters has, once that reaches into the leader's own epoch; else `current`.

    Raft section 5.4.2 ("figure 8"), `LeaderState.maybeUpdateHighWatermark`.
    """
    on_majority = sorted(voter_ends, reverse=True)[len(voter_ends) // 2]
    return max(current, on_majority) if on_majority > epoch_start else current


class QuorumState:
    """One voter: its copy of the metadata log and its place in the quorum."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.log = PartitionLog(METADATA_PARTITION, disk)
        self.epoch: Epoch = _stored_epoch(disk)
        self.is_leader = False
        self.epoch_start_offset: Offset = 0

    def become_leader(self, now: Millis) -> RecordBatch:
        """The only voter elects itself: a new epoch, on disk first, then a LEADER_CHANGE record in the log."""
        self.epoch += 1
        self.disk.replace(STATE_PATH, json.dumps({"leaderEpoch": self.epoch}).encode())
        self.is_leader = True
        self.epoch_start_offset = self.log.log_end_offset
        return self.append(build_batch([(now, _LEADER_CHANGE_KEY, b"", ())], control=True))

    def append(self, batch: RecordBatch) -> RecordBatch:
        """Write as leader, flush, and count what is committed now."""
        assert self.is_leader, "only the leader of the quorum appends"
        written = self.log.append_as_leader(batch, self.epoch)
        self.log.flush()
        ends = (self.log.log_end_offset,)
        self.log.move_high_watermark(majority_high_watermark(self.log.high_watermark, ends, self.epoch_start_offset))
        return written


def _stored_epoch(disk: Disk) -> Epoch:
    content = disk.read(STATE_PATH, 0, disk.size(STATE_PATH))
    return int(json.loads(content)["leaderEpoch"]) if content else 0
