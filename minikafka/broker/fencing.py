"""Who is behind, you or I? The check that stands before every read.

A reader names the leader epoch it believes in. The broker compares it with its own, before it looks at anything else:

```
 reader's epoch < mine   FENCED_LEADER_EPOCH      you are behind: there has been an election, look who leads now
 reader's epoch > mine   UNKNOWN_LEADER_EPOCH     I am behind: you know of an election I have not read of, ask again
 equal, or none named    go on                    and only now: do I lead at all?
```

Without it, a follower of the leader before last would still count as a copy (KIP-320, promise I8). A produce request
names no epoch: that is why a deposed leader which has not heard of its successor still takes records.

Mirrors `Partition.checkCurrentLeaderEpoch`. What we leave out: nothing; the whole rule is here.
"""

from __future__ import annotations

from minikafka.types import Epoch


def check_leader_epoch(request_epoch: Epoch, local_epoch: Epoch, is_leader: bool, leader_only: bool) -> str:
    """Name of the error for Fetch, ListOffsets and OffsetForLeaderEpoch; `NONE` to go on.

    A negative `request_epoch` means that the reader named none. `leader_only`: may only a leader answer this?
    """
    if 0 <= request_epoch < local_epoch:
        return "FENCED_LEADER_EPOCH"
    if request_epoch > local_epoch:
        return "UNKNOWN_LEADER_EPOCH"
    if leader_only and not is_leader:
        return "NOT_LEADER_OR_FOLLOWER"
    return "NONE"
