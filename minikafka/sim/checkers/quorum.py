"""Promises about the controllers: one leader in each epoch, one vote, one past.

I15 election safety, I16 quorum commit.

```
 controller 1   [a][b][c]      what each voter has flushed, taken from what it told
 controller 2   [a][b]         b is on two of three: committed, if it is of the leader's own epoch
 controller 3   [a]
                 └──┴─ replayed here as well: every image must be this one
```

* A voter flushes before it tells, so what it told it holds, also while it is down.
* The committed records are replayed by the checker itself; every image, from the log or from a snapshot, is held
  against that one.

What we leave out: disks of controllers that lie, for then nothing is promised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minikafka.broker.broker import Broker
from minikafka.broker.metadata_cache import MetadataCache
from minikafka.controller import quorum
from minikafka.controller.controller import Controller
from minikafka.metadata import snapshot
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import decode
from minikafka.protocol import facts
from minikafka.protocol.admin_messages import CreateTopicsResponse
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import RecordBatch, split_batches
from minikafka.sim.checkers.ledger import Ledger
from minikafka.sim.checkers.promise import Promise
from minikafka.trace.trace import Told
from minikafka.types import METADATA_PARTITION, NodeId, Offset, number_of

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation


class ElectionSafety(Promise):
    """I15: a quorum epoch has at most one leader, a voter gives one vote in it, and no node's epoch ever falls."""

    promise, name = "I15", "election safety"
    looks_at = frozenset(
        {facts.QuorumStateChanged, facts.QuorumLeaderElected, facts.VoteAnswered, facts.NodeRestarted}
    )

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._leaders: dict[int, int] = {}
        self._epochs: dict[NodeId, int] = {}
        """The highest epoch of each controller, across its restarts."""
        self._votes: dict[tuple[NodeId, int], int] = {}

    def begin(self, sim: Simulation) -> None:
        """See `Checker.begin`."""
        super().begin(sim)
        self.look(sim, sim.recorder.told)

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at every election, every vote, and every change of a voter's state."""
        for _, node, fact in told:
            match fact:
                case facts.QuorumStateChanged(state, epoch):
                    broken = self._epoch_rises(node, epoch, state)
                    broken = broken or (self._votes_once(node, epoch, number_of(node)) if state == "candidate" else "")
                    broken = broken or (self._one_leader(node, epoch) if state == "leader" else "")
                case facts.QuorumLeaderElected(epoch):
                    broken = self._one_leader(node, epoch)
                case facts.VoteAnswered(candidate, epoch, True, False):
                    broken = self._votes_once(node, epoch, candidate)
                case facts.NodeRestarted(node):
                    broken = self._remembers(sim, node)
                case _:
                    continue
            if broken:
                return broken
        return None

    def _epoch_rises(self, node: NodeId, epoch: int, state: str) -> str:
        before = self._epochs.get(node, epoch)
        self._epochs[node] = max(before, epoch)
        if epoch > before and state == "prospective":
            # KIP-996: else a voter that was cut off would depose a leader that all others hear well.
            return f"Controller {number_of(node)} only asks who would vote for it, and raises its epoch to {epoch}."
        if epoch >= before:
            return ""
        return f"Controller {number_of(node)} had reached quorum epoch {before}, and falls back to {epoch}."

    def _votes_once(self, node: NodeId, epoch: int, candidate: int) -> str:
        self.premises += 1
        before = self._votes.setdefault((node, epoch), candidate)
        if before == candidate:
            return ""
        voter = number_of(node)
        return f"Controller {voter} voted for controller {before} in epoch {epoch}, and now for controller {candidate}."

    def _remembers(self, sim: Simulation, node: NodeId) -> str:
        process = sim.process(node)
        if not isinstance(process, Controller):
            return ""
        known = process.voter.quorum
        vote = self._votes.get((node, known.epoch))
        if vote is None or quorum.controller_number(known.voted_for) == vote:
            return ""
        who = f"Controller {number_of(node)}"
        return f"{who} voted for controller {vote} in epoch {known.epoch}, and has forgotten it: it may vote again."

    def _one_leader(self, node: NodeId, epoch: int) -> str:
        self.premises += 1
        leader = self._leaders.setdefault(epoch, number_of(node))
        if leader == number_of(node):
            return ""
        return f"Quorum epoch {epoch} has two leaders: controller {leader}, and now controller {number_of(node)}."


class QuorumCommit(Promise):
    """I16: what counts as committed is on a majority, reaches into the leader's own epoch, and is the same everywhere.

    An answer that promises a change comes after the change is committed.
    """

    promise, name = "I16", "quorum commit"
    looks_at = frozenset(
        {
            facts.RecordsAppended, facts.LogTruncated, facts.HighWatermarkMoved, facts.SnapshotTaken,
            facts.SnapshotLoaded, facts.MetadataReplayed, facts.NodeRestarted, facts.QuorumStateChanged,
        }
    )  # fmt: skip

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._held: dict[NodeId, dict[Offset, RecordBatch]] = {}
        """For each voter the batches in its log, by where they end."""
        self._summed_up: dict[NodeId, Offset] = {}
        """Below this a voter has a snapshot of another one instead."""
        self._marks: dict[NodeId, Offset] = {}
        """How far each voter has said that it is committed."""
        self._committed: dict[Offset, RecordBatch] = {}
        self._image = MetadataImage()
        """What is committed, replayed here."""
        self._seen = 0
        """Messages that have been looked at."""

    def begin(self, sim: Simulation) -> None:
        """See `Checker.begin`."""
        super().begin(sim)
        self._held = {node: {} for node in sim.controllers}
        for told in sim.recorder.told:
            self._take(sim, told)
        self._seen = len(sim.recorder.sent)

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at every record written, cut or committed, and at every image that has moved."""
        for one in told:
            broken = self._take(sim, one) or self._other_image(sim, one)
            if broken:
                return broken
        return self._answered_early(sim)

    def settled(self, sim: Simulation) -> bool:
        """Has every controller everything that is committed?"""
        return not any(self._behind(sim, node) for node in sim.controllers)

    def finish(self, sim: Simulation) -> str | None:
        """All servers have the same image now."""
        for node in (*sim.controllers, *(broker.id for broker in sim.running_brokers())):
            broken = self._image_differs(sim, node) or self._behind(sim, node)
            if broken:
                return broken
        return None

    def _behind(self, sim: Simulation, node: NodeId) -> str:
        process, end = sim.process(node), self._image.next_offset
        if not isinstance(process, Controller) or process.image.next_offset >= end:
            return ""
        return f"Below {end} all is committed, but controller {number_of(node)} stays at {process.image.next_offset}."

    # --- taking in what voters told ---

    def _take(self, sim: Simulation, told: Told) -> str:
        node = told.node
        match told.fact:
            case facts.RecordsAppended(partition) as fact if self._is_of_voter(node, partition):
                self._held[node].update({batch.next_offset: batch for batch in split_batches(fact.batches)})
            case facts.LogTruncated(partition, to_offset) if self._is_of_voter(node, partition):
                return self._cut(node, to_offset)
            case facts.SnapshotLoaded(end_offset) if node in self._held:
                self._held[node].clear()
                self._summed_up[node] = self._marks[node] = end_offset
            case facts.NodeRestarted(node) if node in self._held:
                process = sim.process(node)
                self._marks.pop(node, None)
                return self._cut(node, process.voter.log.log_end_offset) if isinstance(process, Controller) else ""
            case facts.HighWatermarkMoved(partition, offset, as_leader) if self._is_of_voter(node, partition):
                broken = self._miscounted(node, offset) if as_leader else ""
                return broken or self._adopt(node, offset)
            case facts.QuorumStateChanged("leader", epoch) if node in self._held:
                return self._leads_without(node, epoch)
        return ""

    def _is_of_voter(self, node: NodeId, partition: Any) -> bool:
        return partition == METADATA_PARTITION and node in self._held

    def _cut(self, node: NodeId, offset: Offset) -> str:
        """A voter's log ends here now. What is committed may leave one log only while a majority keeps it."""
        held = self._held[node]
        dropped = [end for end in held if end > offset]
        lost = [end for end in dropped if end in self._committed and held[end].data == self._committed[end].data]
        for end in dropped:
            del held[end]
        self._summed_up[node] = min(self._summed_up.get(node, 0), offset)
        if not lost or self._is_on_majority(lost[-1], self._committed[lost[-1]]):
            return ""
        return f"Controller {number_of(node)} no longer has what is committed below {lost[-1]}, and no majority has."

    def _leads_without(self, node: NodeId, epoch: int) -> str:
        """Whoever is elected has everything that is committed (Raft 5.4.1)."""
        end = self._image.next_offset
        self.premises += 1
        if not end or self._has(node, end, self._committed[end]):
            return ""
        return f"Controller {number_of(node)} leads quorum epoch {epoch} without all that is committed below {end}."

    def _miscounted(self, leader: NodeId, offset: Offset) -> str:
        """Why a leader must not count this far; empty if it may."""
        last = self._held[leader].get(offset)
        if last is None:
            return ""
        self.premises += 1
        who = f"Controller {number_of(leader)}"
        if not self._is_on_majority(offset, last):
            return f"{who} counts the metadata log below {offset} as committed, but no majority of controllers has it."
        own = max(batch.leader_epoch for batch in self._held[leader].values())
        if last.leader_epoch != own:
            return (
                f"{who} counts offset {last.base_offset} of quorum epoch {last.leader_epoch} as committed by counting "
                f"copies, but leads epoch {own}, of which no record is on a majority: a leader may still cut it."
            )
        return ""

    def _is_on_majority(self, offset: Offset, last: RecordBatch) -> bool:
        return sum(self._has(node, offset, last) for node in self._held) > len(self._held) // 2

    def _has(self, node: NodeId, offset: Offset, last: RecordBatch) -> bool:
        held = self._held[node].get(offset)
        return offset <= self._summed_up.get(node, 0) or (held is not None and held.data == last.data)

    def _adopt(self, node: NodeId, offset: Offset) -> str:
        """A voter takes everything below `offset` for committed: so it was, or is from now on."""
        start = self._marks.get(node, 0)
        self._marks[node] = max(start, offset)
        for end, batch in sorted(self._held[node].items()):
            if not start < end <= offset:
                continue
            known = self._committed.get(end)
            if known is None and batch.base_offset == self._image.next_offset:
                self._replay(batch)
            elif known is None or known.data != batch.data:
                return (
                    f"Controller {number_of(node)} takes something else for committed at offset {batch.base_offset} "
                    f"than others did: a batch of epoch {batch.leader_epoch} that ends at {end}."
                )
        return ""

    def _replay(self, batch: RecordBatch) -> None:
        self._committed[batch.next_offset] = batch
        for packed in batch.records() if not batch.is_control else ():
            assert packed.value is not None, "a metadata record has a value"
            self._image.replay(decode(packed.value))
        self._image.next_offset = batch.next_offset

    # --- images and answers ---

    def _other_image(self, sim: Simulation, told: Told) -> str:
        match told.fact:
            case facts.SnapshotTaken(end_offset, epoch):
                return self._snapshot_differs(sim, told.node, snapshot.SnapshotId(end_offset, epoch))
            case facts.MetadataReplayed() | facts.SnapshotLoaded():
                return self._image_differs(sim, told.node)
        return ""

    def _snapshot_differs(self, sim: Simulation, node: NodeId, taken: snapshot.SnapshotId) -> str:
        disk = sim.machines[node].disk
        if disk is None or snapshot.newest(disk) != taken:
            return ""
        found = snapshot.load(disk, taken)
        return self._compare(found, f"The snapshot of controller {number_of(node)} that ends at {taken.end_offset}")

    def _image_differs(self, sim: Simulation, node: NodeId) -> str:
        process = sim.process(node)
        kind, _, number = node.partition("-")
        match process:
            case Controller(image=image) | Broker(metadata=MetadataCache(image=image)):
                return self._compare(image, f"The image of {kind} {number}")
        return ""

    def _compare(self, found: MetadataImage, whose: str) -> str:
        if found.next_offset != self._image.next_offset:
            return ""
        self.premises += 1
        own, other = vars(self._image), vars(found)
        wrong = [name for name in own if own[name] != other[name]]
        if not wrong:
            return ""
        return f"{whose} is not what the records below {found.next_offset} come to: {', '.join(wrong)} differ."

    def _answered_early(self, sim: Simulation) -> str | None:
        fresh, self._seen = sim.recorder.sent[self._seen :], len(sim.recorder.sent)
        for one in fresh:
            answer = one.envelope.message
            if not isinstance(answer, CreateTopicsResponse) or one.envelope.source not in self._held:
                continue
            process = sim.process(one.envelope.source)
            if not isinstance(process, Controller):
                continue
            there = _topic_ids(process.image)
            for topic in answer.topics:
                self.premises += 1
                if topic.error == ErrorCode.NONE and topic.topic_id and topic.topic_id not in there:
                    who = f"Controller {number_of(one.envelope.source)}"
                    return f"{who} answered that topic {topic.name} is there, but the record is not committed."
        return None


def _topic_ids(image: MetadataImage) -> set[str]:
    return {topic.topic_id for topic in image.topics.values()}
