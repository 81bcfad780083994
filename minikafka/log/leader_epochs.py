"""Which leader wrote what: for each leader epoch, the offset at which it starts in this log.

Two logs can disagree only where different leaders wrote. So a log remembers, for every leader epoch that has records
in it, where that epoch began:

```
offset   0   1   2   3   4
epoch    0   0   1   1   3        entries: (0, 0) (1, 2) (3, 4)
```

"Where does epoch 1 end?" is answered with the start of the next higher epoch, 4. A returning replica that has more
records of epoch 1 than that has records which the later leader never had: they must go (KIP-101, KIP-279).

* Epochs and start offsets both rise along the list.
* A new leader notes its epoch with its log end offset before it appends anything.
* The list stands in the log's `leader-epoch-checkpoint`; what the file lacks, recovery reads from the batches.

Mirrors `LeaderEpochFileCache`. What we leave out: nothing; the list is written to `leader-epoch-checkpoint` with the
log.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from minikafka.disk import Disk
from minikafka.log import checkpoints
from minikafka.types import NO_EPOCH, Epoch, Offset

Epochs: TypeAlias = tuple[tuple[Epoch, Offset], ...]
"""(epoch, start offset), both rising."""


class EpochEnd(NamedTuple):
    """The answer to "where does that epoch end in your log?"."""

    epoch: Epoch
    """The epoch the answer speaks of: the one asked for, or the next lower one that this log has."""
    end_offset: Offset


class Cut(NamedTuple):
    """What a follower does about a divergence."""

    offset: Offset
    """Keep what lies below."""
    done: bool
    """False: there may be more to drop, so ask again for the epoch that is last now."""


def end_of_epoch(epochs: Epochs, log_end: Offset, asked: Epoch) -> EpochEnd | None:
    """Where `asked`, or the largest epoch below it, ends in a log; None when the log cannot tell.

    KIP-279: the answer names its epoch, since the one asked for may be unknown here.
    `LeaderEpochFileCache.endOffsetFor`.
    """
    if asked < 0 or not epochs or asked > epochs[-1][0]:
        return None
    if asked == epochs[-1][0]:
        return EpochEnd(asked, log_end)
    if asked < epochs[0][0]:
        return EpochEnd(asked, epochs[0][1])
    known = max(epoch for epoch, _ in epochs if epoch <= asked)
    return EpochEnd(known, min(start for epoch, start in epochs if epoch > asked))


def truncation_step(own_epochs: Epochs, own_end: Offset, high_watermark: Offset, answer: EpochEnd | None) -> Cut:
    """Where a follower cuts its log after its leader said where the follower's last epoch ends.

    KIP-101 and KIP-279, `AbstractFetcherThread.getOffsetTruncationState`.
    """
    if answer is None:
        return Cut(high_watermark, True)
    if not own_epochs:
        return Cut(min(answer.end_offset, own_end), True)
    if answer.epoch < own_epochs[0][0]:
        return Cut(min(own_epochs[0][1], answer.end_offset), True)
    own = end_of_epoch(own_epochs, own_end, answer.epoch)
    assert own is not None, f"the leader answered for epoch {answer.epoch}, which is newer than {own_epochs}"
    if own.epoch != answer.epoch:
        return Cut(own.end_offset, False)
    return Cut(min(own.end_offset, answer.end_offset, own_end), True)


class LeaderEpochs:
    """The list of epochs of one log, oldest first."""

    def __init__(self, disk: Disk, path: str) -> None:
        """Begin with what the file says."""
        self._disk = disk
        self._path = path
        self.entries: Epochs = checkpoints.read_epochs(disk, path)

    @property
    def latest(self) -> Epoch:
        """The newest epoch in this log; -1 when it has none."""
        return self.entries[-1][0] if self.entries else NO_EPOCH

    def assign(self, epoch: Epoch, start_offset: Offset) -> None:
        """Note that `epoch` begins here. An epoch already noted keeps its start."""
        if epoch <= self.latest:
            return
        # An epoch that wrote nothing gives way to the next one that starts at the same offset.
        kept = tuple(entry for entry in self.entries if entry[1] < start_offset)
        self._set((*kept, (epoch, start_offset)))

    def truncate_to(self, end_offset: Offset) -> None:
        """Forget epochs that begin at or above `end_offset`."""
        self._set(tuple(entry for entry in self.entries if entry[1] < end_offset))

    def start_at(self, log_start: Offset) -> None:
        """Forget what lies below the log start; the epoch that reaches across it begins there now."""
        epoch = self.epoch_at(log_start)
        later = tuple(entry for entry in self.entries if entry[1] > log_start)
        self._set(later if epoch == NO_EPOCH else ((epoch, log_start), *later))

    def epoch_at(self, offset: Offset) -> Epoch:
        """The epoch under which the record at `offset` was written; -1 below the first entry."""
        return max((epoch for epoch, start in self.entries if start <= offset), default=NO_EPOCH)

    def save(self) -> None:
        """Write the file (also done at each change)."""
        checkpoints.write_epochs(self._disk, self._path, self.entries)

    def _set(self, entries: Epochs) -> None:
        if entries != self.entries:
            self.entries = entries
            self.save()
