"""What was promised, and where it lies now: the book that all checkers share.

```
 committed     [a][b][c]        true high watermark 3: the highest any leader has shown
 broker 1      [a][b][c][d]     agrees on 3
 broker 2      [a][b][x]        agrees on 2: what it holds at offset 2 is something else
```

* The book looks at the logs themselves, on machines that run and on those that are down; no broker's opinion counts.
* Each batch is named together with everything before it, so two logs agree exactly as far as their names do, and a step
  costs only what it added or cut.
* It also keeps the fault budget: Kafka acknowledges from the page cache, so promises about data hold for clean
  elections, and for at most `min.insync.replicas - 1` brokers that lose their page cache before all in-sync replicas
  have the record on disk.

* Replicas come and go with reassignments, topics with their deletion; what retention, DeleteRecords and compaction take
  away was there, and is not asked for any more.

What we leave out: a minimum that is raised (the lowest one of the run counts), and what brokers still hold of a deleted
topic when another one gets its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from minikafka.broker.broker import Broker
from minikafka.broker.partition import Partition
from minikafka.controller.controller import Controller
from minikafka.metadata.image import MetadataImage
from minikafka.protocol import facts
from minikafka.sim.checkers import copies, files
from minikafka.sim.checkers.copies import Cell, Copy, text_of
from minikafka.trace.trace import Told
from minikafka.types import NO_EPOCH, NO_LEADER, BrokerId, Epoch, NodeId, Offset, TopicPartition, broker_node, number_of

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation

TOPIC = 2
"""The type of resource that a topic is, in `ConfigChanged`."""


class Dropped(NamedTuple):
    """A broker cut its log in this step."""

    partition: TopicPartition
    broker: BrokerId
    agreed_before: Offset
    cells: list[Cell]


class Acknowledged(NamedTuple):
    """A producer was told that this is stored, with acks=all."""

    value: bytes | None
    broker: BrokerId


class PowerLoss(NamedTuple):
    """A broker lost its page cache."""

    broker: BrokerId
    safe_below: Offset
    """What all in-sync replicas had on disk at that moment."""
    end: Offset
    """Records at and above this offset did not exist yet."""


@dataclass(slots=True)
class History:
    """Everything the book knows of one partition."""

    name: TopicPartition
    state: facts.PartitionChanged
    """The controller's newest state of it."""
    minimum: int
    """The effective minimum: min.insync.replicas, or the number of replicas if that is smaller."""
    unclean_allowed: bool
    copies: dict[BrokerId, Copy]
    committed: list[Cell] = field(default_factory=list)
    high_watermark: Offset = 0
    """TRUE-HW: the highest high watermark that any leader has shown."""
    shown_by: tuple[BrokerId, Epoch] = (NO_LEADER, NO_EPOCH)
    epoch_start: tuple[Epoch, Offset] = (NO_EPOCH, 0)
    """Newest epoch that a leader has begun, and where."""
    acknowledged: dict[Offset, Acknowledged] = field(default_factory=dict)
    power_losses: list[PowerLoss] = field(default_factory=list)
    unclean: str = ""
    """Why the leaders since then may lack records; empty: all elections were clean."""
    beyond: bool = False
    """A record was lost beyond the promise: from then on the promises about data are off for this partition."""
    start: Offset = 0
    """Below this offset retention or DeleteRecords took everything away."""
    compacted_below: Offset = 0
    """Below this offset only the newest record of each key need be there."""
    proposal: tuple[Epoch, tuple[BrokerId, ...]] = (NO_EPOCH, ())
    """The ISR that a leader asked for last, and its epoch."""
    joined: tuple[BrokerId, ...] = ()
    """Whom the leader asked for when a reassignment was completed by it: they count from that same change on."""
    taken: dict[BrokerId, Copy] = field(default_factory=dict)
    """What brokers had when a reassignment took their copy away."""
    names: dict[tuple[int, bytes], int] = field(default_factory=dict)

    def why_beyond(self, offset: Offset) -> str | None:
        """What has failed beyond that which Kafka promises to survive for a record; None if it is within the budget."""
        if self.unclean:
            return self.unclean
        lost: list[BrokerId] = []
        for loss in self.power_losses:
            if loss.safe_below > offset:
                lost = []
            if loss.end > offset and loss.broker not in lost:
                lost.append(loss.broker)
        if len(lost) < self.minimum:
            return None
        return (
            f"{brokers(sorted(lost))} lost power before all in-sync replicas had it on disk, "
            f"and min.insync.replicas={self.minimum} covers {self.minimum - 1}"
        )

    def promised(self, offset: Offset) -> str:
        """What was said about the record at a committed offset."""
        known = self.acknowledged.get(offset)
        if known is not None:
            return f"Record {text_of(known.value)} was acknowledged at offset {offset}"
        cell = next((cell for cell in self.committed if cell.base_offset <= offset < cell.next_offset), None)
        name = f"Record {cell}" if cell else "The record"
        leader, epoch = self.shown_by
        return (
            f"{name} at offset {offset} was committed (broker {leader}, leader of epoch {epoch}, "
            f"showed high watermark {self.high_watermark})"
        )

    def found(self, broker: BrokerId, offset: Offset) -> str:
        """What a broker holds at an offset instead."""
        cell = self.copies[broker].cell_at(offset)
        return "nothing there" if cell is None else f"{cell} of epoch {cell.epoch} there"


class Ledger:
    """The book of one run."""

    def __init__(self) -> None:
        self.histories: dict[TopicPartition, History] = {}
        self.dropped: list[Dropped] = []
        """Cuts of this step."""
        self.losses: list[str] = []
        """Sentences about losses beyond the promise."""
        self._came_back_unclean: set[BrokerId] = set()
        """Brokers that registered in this step without the mark of a clean shutdown: they leave ISR and ELR now."""
        self.told: list[Told] | None = None
        """The step that was taken in last."""
        self.kinds: set[type] = set()
        """Which facts are in it."""

    def begin(self, sim: Simulation) -> None:
        """Take in what happened before anybody looked."""
        if self.told is None:
            self.told = []
            for told in sim.recorder.told:
                self._take(sim, told)
            self.dropped.clear()
            self._came_back_unclean.clear()

    def observe(self, sim: Simulation, told: list[Told]) -> None:
        """Take in one step; the first checker that looks at it asks for it."""
        self.told, self.kinds = told, {type(one.fact) for one in told}
        self.dropped.clear()
        self._came_back_unclean.clear()
        for one in told:
            self._take(sim, one)

    def touched(self, told: list[Told], kinds: frozenset[type]) -> list[History]:
        """Partitions that facts of these kinds speak of; a fact about a whole broker speaks of all partitions."""
        found: dict[TopicPartition, History] = {}
        for _, _, fact in told:
            if type(fact) in kinds:
                partition = getattr(fact, "partition", None)
                if partition is None:
                    return list(self.histories.values())
                if partition in self.histories:
                    found[partition] = self.histories[partition]
        return list(found.values())

    def copy_of(self, broker: BrokerId, partition: TopicPartition) -> Copy | None:
        """What a broker holds of a partition; None if nothing is known of it."""
        history = self.histories.get(partition)
        return history.copies.get(broker) if history else None

    def lost_beyond(self, sim: Simulation, history: History, offset: Offset) -> bool:
        """Was the loss at `offset` beyond the promise? Then it is reported here, once, and nobody is to blame."""
        if history.beyond:
            return True
        why = history.why_beyond(offset)
        if why is None:
            return False
        self.report_beyond(sim, history, f"{history.promised(offset)} and is gone; that", why)
        return True

    def report_beyond(self, sim: Simulation, history: History, what: str, why: str) -> None:
        """Say what went wrong beyond the promise; from here on the promises about data are off for this partition."""
        history.beyond = True
        sentence = f"{what} is beyond what Kafka promises: {why}."
        self.losses.append(sentence)
        sim.tell(facts.LossBeyondPromise(sentence))

    # --- taking in facts ---

    def _take(self, sim: Simulation, told: Told) -> None:
        match told.fact:
            case facts.RecordsAppended(partition) | facts.BecameFollower(partition):
                self._sync(sim, told.node, partition)
            case facts.LogRecovered(partition, high_watermark=mark):
                self._sync(sim, told.node, partition)
                self._marked(told.node, partition, mark)  # as last written down, which may be below what it was
            case facts.HighWatermarkMoved(partition, offset, as_leader):
                self._marked(told.node, partition, offset)
                if as_leader:
                    self._committed(sim, told.node, partition, offset)
            case facts.ProduceAcknowledged(acks=-1) as fact:
                self._acknowledged(fact)
            case facts.BecameLeader(partition) as fact:
                self._sync(sim, told.node, partition)
                self._epoch_began(fact)
            case facts.LogTruncated(partition, to_offset, was_end):
                self._truncated(told.node, partition, to_offset, was_end)
            case facts.PartitionChanged() as fact:
                self._partition_changed(sim, fact)
            case facts.IsrProposed(partition, isr, leader_epoch=epoch) if partition in self.histories:
                self.histories[partition].proposal = (epoch, isr)
            case facts.LogStartMoved() | facts.LogCompacted() | facts.ReplicaDeleted():
                self._taken_away(sim, told.node, told.fact)
            case facts.TopicDeleted(topic):
                self.histories = {name: one for name, one in self.histories.items() if name.topic != topic}
            case facts.ConfigChanged() as fact:
                self._reconfigured(fact)
            case facts.NodeCrashed(node, True):
                self._power_lost(sim, node)
            case facts.BrokerRegistered(broker, clean=clean):
                if not clean:
                    self._came_back_unclean.add(broker)
                for history in self.histories.values():
                    if broker in history.copies:
                        history.copies[broker].lost_power = False

    def _copy(self, node: NodeId, partition: TopicPartition) -> tuple[History, Copy] | None:
        history = self.histories.get(partition)
        copy = history.copies.get(number_of(node)) if history else None
        return (history, copy) if history and copy else None

    def _sync(self, sim: Simulation, node: NodeId, partition: TopicPartition) -> None:
        """Bring the book to what the log holds."""
        known = self._copy(node, partition)
        replica = replica_of(sim, number_of(node), partition) if known else None
        if known is None or replica is None:
            return
        history, copy = known
        log = replica.log
        self._cut(node, partition, log.log_end_offset)
        if copy.end < log.log_start_offset:
            copies.begin_at(history.committed, copy, log.log_start_offset)
        for batch in log.batches(copy.end):
            if batch.next_offset <= copy.end:
                continue
            as_written = batch.base_offset == copy.end and not history.compacted_below
            if as_written or not copies.take_late(history.committed, copy, batch):
                copies.add(history.names, copy, batch)
        copies.extend_agreement(history.committed, copy)

    def _marked(self, node: NodeId, partition: TopicPartition, offset: Offset) -> None:
        known = self._copy(node, partition)
        if known is not None:
            known[1].high_watermark = offset

    def _committed(self, sim: Simulation, node: NodeId, partition: TopicPartition, offset: Offset) -> None:
        known = self._copy(node, partition)
        if known is None or offset <= known[0].high_watermark:
            return
        history, copy = known
        replica = replica_of(sim, number_of(node), partition)
        history.high_watermark = offset
        history.shown_by = (number_of(node), replica.leader_epoch if replica else NO_EPOCH)
        if copy.agreed == len(history.committed):
            history.committed += [cell for cell in copy.cells[copy.agreed :] if cell.next_offset <= offset]
            for other in history.copies.values():
                copies.extend_agreement(history.committed, other)

    def _acknowledged(self, fact: facts.ProduceAcknowledged) -> None:
        history = self.histories.get(fact.partition)
        if history is not None:
            for delta, value in enumerate(fact.values):
                history.acknowledged[fact.base_offset + delta] = Acknowledged(value, fact.broker)

    def _epoch_began(self, fact: facts.BecameLeader) -> None:
        history = self.histories.get(fact.partition)
        if history is not None and fact.leader_epoch > history.epoch_start[0]:
            history.epoch_start = (fact.leader_epoch, fact.start_offset)

    def _cut(self, node: NodeId, partition: TopicPartition, offset: Offset) -> None:
        known = self._copy(node, partition)
        if known is not None and known[1].end > offset:
            before = known[1].agreed_end
            self.dropped.append(Dropped(partition, number_of(node), before, known[1].cut(offset)))

    def _truncated(self, node: NodeId, partition: TopicPartition, offset: Offset, was_end: Offset) -> None:
        known = self._copy(node, partition)
        if known is not None:
            history, copy = known
            self._cut(node, partition, offset)
            copy.high_watermark = min(copy.high_watermark, offset)
            if offset > was_end:
                copies.begin_at(history.committed, copy, offset)
                copy.high_watermark = offset

    def _taken_away(
        self, sim: Simulation, node: NodeId, fact: facts.LogStartMoved | facts.LogCompacted | facts.ReplicaDeleted
    ) -> None:
        """Records, or a whole copy, that need not be there any more."""
        known = self._copy(node, fact.partition)
        if known is None:
            return
        history, copy = known
        match fact:
            case facts.LogStartMoved(_, offset, reason):
                copy.high_watermark = max(copy.high_watermark, offset)
                if reason != "leader":
                    history.start = max(history.start, offset)
            case facts.LogCompacted(partition, below):
                history.compacted_below = max(history.compacted_below, below)
                replica = replica_of(sim, number_of(node), partition)
                copies.rewrite(copy, replica.log.batches() if replica else (), below)
            case facts.ReplicaDeleted():
                history.taken[number_of(node)] = history.copies.pop(number_of(node))
                if number_of(node) in history.state.replicas:
                    history.copies[number_of(node)] = Copy()

    def _reconfigured(self, fact: facts.ConfigChanged) -> None:
        for history in self.histories.values():
            if fact.value is None or (fact.resource_type == TOPIC and fact.resource_name != history.name.topic):
                continue
            if fact.name == "min.insync.replicas":
                history.minimum = min(history.minimum, int(fact.value))
            elif fact.name == "unclean.leader.election.enable" and fact.value == "true":
                history.unclean_allowed = True

    # --- elections and power ---

    def _partition_changed(self, sim: Simulation, fact: facts.PartitionChanged) -> None:
        history = self.histories.get(fact.partition)
        if history is None:
            self.histories[fact.partition] = _new_history(sim, fact)
            return
        before = history.state
        history.state = fact
        asked_in, asked_for = history.proposal
        history.joined = asked_for if fact.replicas != before.replicas and asked_in == before.leader_epoch else ()
        if fact.replicas != before.replicas:
            history.minimum = min(history.minimum, len(fact.replicas))
            for broker in fact.replicas:
                history.copies.setdefault(broker, Copy())
        if set(fact.isr) == set(fact.replicas) and not fact.recovering:
            # Everybody follows the leader there is: nobody can commit any more in an epoch before the unclean one.
            history.unclean = ""
        eligible = (set(before.isr) | set(before.elr) | set(history.joined)) - self._came_back_unclean
        if fact.leader not in (NO_LEADER, before.leader) and fact.leader not in eligible:
            history.unclean = _excuse(sim, history, before.last_known_leader, eligible) or history.unclean

    def _power_lost(self, sim: Simulation, node: NodeId) -> None:
        for history in self.histories.values():
            copy = history.copies.get(number_of(node)) if node.startswith("broker-") else None
            if copy is None:
                continue
            end = max(other.end for other in history.copies.values())
            there = files.log_files(sim, number_of(node), history.name)
            copy.cut(files.intact_end(there, copy.cells))
            copy.high_watermark = min(copy.high_watermark, copy.end)
            safe = min((_durable_end(sim, history, member) for member in history.state.isr), default=0)
            if number_of(node) in history.state.replicas:
                history.power_losses.append(PowerLoss(number_of(node), safe, end))
            copy.lost_power = True


def _new_history(sim: Simulation, fact: facts.PartitionChanged) -> History:
    image = newest_image(sim)
    overrides = image.topics[fact.partition.topic].configs if image else {}
    config = sim.config.topic(overrides)
    minimum = min(config.min_insync_replicas, len(fact.replicas))
    empty = {broker: Copy() for broker in fact.replicas}
    return History(fact.partition, fact, minimum, config.unclean_leader_election_enable, empty)


def _excuse(sim: Simulation, history: History, last_known: BrokerId, eligible: set[BrokerId]) -> str:
    """Why somebody from outside ISR and ELR may lead; empty if nothing excuses it. `eligible`: who was in them."""
    leader = history.state.leader
    if not eligible and last_known == leader:
        return f"nobody was left in ISR and ELR, and broker {leader} was elected as the last known leader"
    if history.unclean_allowed and not any(is_active(sim, broker) for broker in eligible):
        return f"unclean elections are allowed, and broker {leader} was elected from outside ISR and ELR"
    return ""


def is_active(sim: Simulation, broker: BrokerId) -> bool:
    """Registered and not fenced, as the newest committed metadata has it."""
    image = newest_image(sim)
    return image is not None and image.is_active(broker)


def newest_image(sim: Simulation) -> MetadataImage | None:
    """What is committed, as the running controller that is furthest has it. A new leader is behind at first."""
    images = [node.image for node in map(sim.process, sim.controllers) if isinstance(node, Controller)]
    return max(images, key=lambda image: image.next_offset, default=None)


def replica_of(sim: Simulation, broker: BrokerId, partition: TopicPartition) -> Partition | None:
    """The replica in a running broker process."""
    process = sim.process(broker_node(broker))
    return process.replicas.partitions.get(partition) if isinstance(process, Broker) else None


def leader_of(sim: Simulation, history: History) -> Partition | None:
    """The replica that runs, believes that it leads, and does so in the newest epoch."""
    state = history.state
    replica = replica_of(sim, state.leader, history.name) if state.leader != NO_LEADER else None
    return replica if replica and replica.is_leader and replica.leader_epoch == state.leader_epoch else None


def members(ids: Iterable[BrokerId]) -> str:
    """An ISR in a sentence: `{1, 3}`."""
    return f"{{{', '.join(map(str, sorted(ids)))}}}"


def brokers(ids: list[BrokerId]) -> str:
    """`broker 1`, `brokers 1 and 2`, `no broker`."""
    if not ids:
        return "no broker"
    names = [str(broker) for broker in ids]
    return f"broker {names[0]}" if len(names) == 1 else f"brokers {', '.join(names[:-1])} and {names[-1]}"


def _durable_end(sim: Simulation, history: History, broker: BrokerId) -> Offset:
    """Below this offset a broker has what is committed on disk."""
    copy = history.copies[broker]
    return min(files.durable_end(files.log_files(sim, broker, history.name), copy.cells), copy.agreed_end)
