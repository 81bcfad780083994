"""Promises to whoever fetches: I8 epoch fencing, I10 a high watermark that never takes anything back."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import (
    Envelope,
    FetchRequest,
    FetchResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
)
from minikafka.sim.checkers import ledger
from minikafka.sim.checkers.copies import text_of
from minikafka.sim.checkers.ledger import Ledger
from minikafka.sim.checkers.promise import Promise
from minikafka.trace.trace import Told
from minikafka.types import METADATA_PARTITION, NO_EPOCH, Epoch, NodeId, Offset, TopicPartition, number_of

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation

Claims: TypeAlias = dict[TopicPartition, Epoch]
_QUESTIONS = (FetchRequest, ListOffsetsRequest, OffsetForLeaderEpochRequest)
_ANSWERS = (FetchResponse, ListOffsetsResponse, OffsetForLeaderEpochResponse)


class EpochFencing(Promise):
    """I8: fetches and lookups are served, and counted, only between two that believe in the same epoch (KIP-320)."""

    promise, name = "I8", "epoch fencing"

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._claims: dict[tuple[NodeId, int], Claims] = {}
        """What each question under way says it believes."""
        self._beliefs: dict[tuple[NodeId, TopicPartition], Epoch] = {}
        """Each broker's own epoch, as of the last step that was looked at."""
        self._looked_at = 0
        """Messages before this one have been seen."""

    def begin(self, sim: Simulation) -> None:
        """Nothing was promised before the first look."""
        super().begin(sim)
        self._looked_at = sim.recorder.messages
        self._note_beliefs(sim)

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """What a leader counted in this step, and what was answered since the last look."""
        return self._counted(told) or self._served(sim, told)

    def _counted(self, told: list[Told]) -> str | None:
        for _, node, fact in told:
            if isinstance(fact, facts.FollowerProgress):
                self.premises += 1
                if fact.claimed_epoch not in (NO_EPOCH, fact.leader_epoch):
                    return (
                        f"{_title(node)}, leader of epoch {fact.leader_epoch}, counted a fetch of broker "
                        f"{fact.follower} from {fact.log_end_offset} that was meant for epoch {fact.claimed_epoch}."
                    )
        return None

    def _served(self, sim: Simulation, told: list[Told]) -> str | None:
        started, self._looked_at = self._looked_at, sim.recorder.messages
        for message in sim.recorder.messages_since(started):
            kind = type(message.envelope.message)
            if kind in _QUESTIONS:
                self._note_claims(message.envelope)
            elif kind in _ANSWERS:
                broken = self._compare(sim, message.envelope, message.sent == sim.recorder.step)
                if broken:
                    return broken
        if any(type(fact) in _MOVES for _, _, fact in told):
            self._note_beliefs(sim)
        return None

    def _note_claims(self, envelope: Envelope) -> None:
        request = envelope.message
        assert isinstance(request, _QUESTIONS)
        claims = {
            one.partition: one.current_leader_epoch for one in request.partitions if one.current_leader_epoch >= 0
        }
        if claims:
            self._claims[(envelope.source, envelope.correlation_id)] = claims

    def _compare(self, sim: Simulation, envelope: Envelope, in_this_step: bool) -> str | None:
        response = envelope.message
        assert isinstance(response, _ANSWERS)
        claims = self._claims.pop((envelope.destination, envelope.correlation_id), None)
        if claims is None:
            return None
        for answer in response.partitions:
            claimed = claims.get(answer.partition)
            if claimed is None or answer.error != ErrorCode.NONE or answer.partition == METADATA_PARTITION:
                continue
            self.premises += 1
            belief = self._beliefs.get((envelope.source, answer.partition))
            if in_this_step and belief != claimed:
                replica = ledger.replica_of(sim, number_of(envelope.source), answer.partition)
                belief = replica.leader_epoch if replica else belief
            if belief not in (None, claimed):
                return (
                    f"{_title(envelope.source)}, in epoch {belief}, served {envelope.destination}, "
                    f"which had said that it is in epoch {claimed}."
                )
        return None

    def _note_beliefs(self, sim: Simulation) -> None:
        for broker in sim.running_brokers():
            for name, replica in broker.replicas.partitions.items():
                self._beliefs[(broker.id, name)] = replica.leader_epoch


_MOVES = frozenset({facts.BecameLeader, facts.BecameFollower, facts.NodeCrashed, facts.NodeRestarted})


class MonotoneHighWatermark(Promise):
    """I10: nobody reads above the true high watermark, what was read stays, and a leader takes nothing back."""

    promise, name = "I10", "high watermark never falls"
    looks_at = frozenset(
        {facts.RecordsConsumed, facts.HighWatermarkMoved, facts.LogTruncated, facts.LogRecovered, facts.NodeCrashed}
    )

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._seen: dict[tuple[TopicPartition, Offset], tuple[NodeId, bytes | None]] = {}
        self._marks: dict[tuple[TopicPartition, NodeId], Offset] = {}
        """The high watermark that each broker knew last, in whatever role."""

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at everything that readers were given, and at every leader's high watermark."""
        for _, node, fact in told:
            broken = None
            match fact:
                case facts.RecordsConsumed():
                    broken = self._given(sim, node, fact)
                case facts.HighWatermarkMoved(partition, mark, as_leader):
                    broken = self._moved(sim, node, partition, mark) if as_leader else None
                    self._marks[(partition, node)] = mark
                case facts.LogTruncated(partition, end):
                    self._marks[(partition, node)] = min(self._marks.get((partition, node), 0), end)
                case facts.LogRecovered(partition, high_watermark=mark):
                    self._marks[(partition, node)] = mark
                case facts.NodeCrashed(crashed):
                    self._marks = {place: mark for place, mark in self._marks.items() if place[1] != crashed}
            if broken:
                return broken
        return None

    def _given(self, sim: Simulation, reader: NodeId, fact: facts.RecordsConsumed) -> str | None:
        history = self.ledger.histories.get(fact.partition)
        if history is None or history.beyond:
            return None
        for offset, epoch, _, value in fact.records:
            self.premises += 1
            if offset >= history.high_watermark:
                return (
                    f"{reader} was given {text_of(value)} at offset {offset}, which was not committed: "
                    f"no leader had shown a high watermark above {history.high_watermark}."
                )
            former, known = self._seen.setdefault((fact.partition, offset), (reader, value))
            if known != value and not self.ledger.lost_beyond(sim, history, offset):
                return (
                    f"{former} was given {text_of(known)} at offset {offset}, and now {reader} was given "
                    f"{text_of(value)} of epoch {epoch} at the same offset."
                )
        return None

    def _moved(self, sim: Simulation, node: NodeId, partition: TopicPartition, mark: Offset) -> str | None:
        if partition not in self.ledger.histories:
            return None
        self.premises += 1
        before = self._marks.get((partition, node), 0)
        if mark >= before:
            return None
        return (
            f"{_title(node)} leads, and took its high watermark back from {before} to {mark}: it hides what was read."
        )


def _title(node: NodeId) -> str:
    return node.replace("-", " ").capitalize()
