"""Promises about records: what was committed stays, everywhere it counts.

I1 durability, I2 leader completeness, I3 strong ISR, I5 log matching, I6 epoch truncation, I11 min.insync.replicas.
All but I11 hold within the fault budget that the ledger keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import Record, RecordBatch
from minikafka.sim.checkers import ledger
from minikafka.sim.checkers.copies import Cell, Copy, text_of
from minikafka.sim.checkers.ledger import Acknowledged, Dropped, History, brokers, members
from minikafka.sim.checkers.promise import AT_THE_END, Promise
from minikafka.trace.trace import Told
from minikafka.types import BrokerId, Offset, number_of

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation


class Durability(Promise):
    """I1: what was acknowledged with acks=all is, after healing, in the leader's log at its offset."""

    promise, name = "I1", "durability"
    looks_at = AT_THE_END

    def finish(self, sim: Simulation) -> str | None:
        """Look every acknowledged record up in the log of whoever leads now."""
        for history in self.ledger.histories.values():
            leader = ledger.leader_of(sim, history)
            if leader is None or history.beyond:
                continue
            there = {record.offset: record for batch in leader.log.batches() for record in batch.records()}
            replaced = _replaced(history)
            for offset, promised in sorted(history.acknowledged.items()):
                if offset < history.start or (offset in replaced and offset not in there):
                    continue
                self.premises += 1
                found = there.get(offset)
                if not _is_kept(promised, found) and not self.ledger.lost_beyond(sim, history, offset):
                    return f"{_where_it_should_be(history, offset)}, has {_instead(found)}."
        return None


def _is_kept(promised: Acknowledged, found: Record | None) -> bool:
    return found is not None and found.value == promised.value


def _replaced(history: History) -> set[Offset]:
    """Offsets below the compacted part that a newer record of their key, or their own lack of a value, lets go."""
    gone: set[Offset] = set()
    newest: dict[bytes, Offset] = {}
    for cell in history.committed if history.compacted_below else ():
        if RecordBatch(cell.data).is_control:
            continue
        for record in cell.records():
            if record.key is None or record.value is None:
                gone.add(record.offset)
            if record.key is not None:
                gone.update(newest[record.key] for _ in range(record.key in newest))
                newest[record.key] = record.offset
    return {offset for offset in gone if offset < history.compacted_below}


def _instead(found: Record | None) -> str:
    return "nothing there" if found is None else f"{text_of(found.value)} there"


def _where_it_should_be(history: History, offset: Offset) -> str:
    state = history.state
    return f"{history.promised(offset)}; broker {state.leader}, which leads now in epoch {state.leader_epoch}"


class LeaderCompleteness(Promise):
    """I2: a running leader in the newest epoch holds everything below the true high watermark."""

    promise, name = "I2", "leader completeness"
    looks_at = frozenset({facts.BecameLeader, facts.HighWatermarkMoved, facts.LogTruncated, facts.PartitionChanged})

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Compare the newest leader's log with what is committed."""
        for history in self.ledger.touched(told, self.looks_at):
            leader = ledger.leader_of(sim, history)
            if leader is None or not history.committed:
                continue
            self.premises += 1
            kept = history.copies[leader.broker_id].agreed_end
            if kept < history.high_watermark and not self.ledger.lost_beyond(sim, history, kept):
                return f"{_where_it_should_be(history, kept)}, has {history.found(leader.broker_id, kept)}."
        return None


class StrongIsr(Promise):
    """I3: what any leader shows as committed is on every member of the controller's ISR and ELR.

    A member that has just lost power counts again once the controller has heard of it.
    """

    promise, name = "I3", "strong ISR"
    looks_at = frozenset(
        {
            facts.BecameLeader,
            facts.HighWatermarkMoved,
            facts.LogTruncated,
            facts.PartitionChanged,
            facts.BrokerRegistered,
        }
    )

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Compare every believing leader's high watermark with every member."""
        for history in self.ledger.touched(told, self.looks_at):
            for broker in history.copies:
                leader = ledger.replica_of(sim, broker, history.name)
                if leader is None or not leader.is_leader or not leader.log.high_watermark:
                    continue
                broken = self._compare(sim, history, broker, leader.log.high_watermark)
                if broken:
                    return broken
        return None

    def _compare(self, sim: Simulation, history: History, leader: BrokerId, mark: Offset) -> str | None:
        state = history.state
        for member in state.replicas:
            place = "ISR" if member in state.isr else "ELR" if member in state.elr else ""
            copy = history.copies[member]
            if (not place and member != leader) or copy.lost_power:
                continue
            self.premises += 1
            kept = copy.agreed_end
            if kept < mark and not self.ledger.lost_beyond(sim, history, kept):
                return (
                    f"Broker {leader}, which believes that it leads, has high watermark {mark}; "
                    f"broker {member}, {f'in the {place} and so' if place else 'the same,'} expected to hold all "
                    f"below it, has {history.found(member, kept)} at offset {kept}.".replace(" there at", " at")
                )
        return None


class LogMatching(Promise):
    """I5: logs agree below their high watermarks; logs with the same (offset, epoch) agree on all before it."""

    promise, name = "I5", "log matching"
    looks_at = frozenset({facts.RecordsAppended, facts.HighWatermarkMoved, facts.LogRecovered})

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Compare what was just appended, and whoever moved its high watermark."""
        for one in told:
            match one.fact:
                case facts.RecordsAppended(partition, base_offset):
                    history = self.ledger.histories.get(partition)
                    broken = self._same_name_same_past(sim, history, one, base_offset) if history else None
                case facts.HighWatermarkMoved(partition) | facts.LogRecovered(partition):
                    history = self.ledger.histories.get(partition)
                    broken = self._agrees_below_mark(sim, history, number_of(one.node)) if history else None
                case _:
                    continue
            if broken:
                return broken
        return None

    def _same_name_same_past(self, sim: Simulation, history: History, told: Told, base: Offset) -> str | None:
        broker = number_of(told.node)
        own = history.copies.get(broker)
        cell = own.cell_at(base) if own else None
        for other, copy in history.copies.items():
            twin = copy.cell_at(base) if cell and other != broker else None
            if cell is None or twin is None or twin.epoch != cell.epoch:
                continue
            self.premises += 1
            if own and twin.prefix != cell.prefix:
                at, mine, theirs = _first_difference(own.cells, copy.cells)
                if not self.ledger.lost_beyond(sim, history, at):
                    return (
                        f"Brokers {broker} and {other} both hold a record of epoch {cell.epoch} at offset {base}, "
                        f"but differ before it: at offset {at} broker {broker} has {mine}, broker {other} has {theirs}."
                    )
        return None

    def _agrees_below_mark(self, sim: Simulation, history: History, broker: BrokerId) -> str | None:
        replica = ledger.replica_of(sim, broker, history.name)
        if replica is None or broker not in history.copies:
            return None
        self.premises += 1
        kept, mark = history.copies[broker].agreed_end, replica.log.high_watermark
        if kept >= mark or self.ledger.lost_beyond(sim, history, kept):
            return None
        here = f"Broker {broker} has high watermark {mark} and {history.found(broker, kept)}".removesuffix(" there")
        if kept >= history.high_watermark:
            return f"{here} at offset {kept}, but no leader has shown a high watermark above {history.high_watermark}."
        return f"{here} at offset {kept}. {history.promised(kept)}."


def _holds(history: History, copy: Copy, cell: Cell) -> bool:
    same = copy.cell_at(cell.base_offset)
    if same is None:
        return False
    # After a loss beyond the promise the book cannot fill the gaps that a compacted log left in a late copy, so names
    # differ; but a leader writes one batch at an offset in its epoch, and that is it.
    return same.prefix == cell.prefix or (history.beyond and same[:3] == cell[:3])


def _first_difference(mine: list[Cell], theirs: list[Cell]) -> tuple[Offset, Cell, Cell]:
    return next(
        (one.base_offset, one, other) for one, other in zip(mine, theirs, strict=False) if one.prefix != other.prefix
    )


class EpochTruncation(Promise):
    """I6: nobody cuts off a record below the true high watermark (KIP-101)."""

    promise, name = "I6", "epoch truncation"
    looks_at = frozenset({facts.LogTruncated, facts.BecameFollower, facts.BecameLeader, facts.RecordsAppended})

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at every cut of this step."""
        for cut in self.ledger.dropped:
            self.premises += 1
            history = self.ledger.histories[cut.partition]
            kept = history.copies[cut.broker].agreed_end
            if kept < cut.agreed_before and not self.ledger.lost_beyond(sim, history, kept):
                return f"Broker {cut.broker} dropped {_names(cut, kept)} at offset {kept}. {history.promised(kept)}."
        return None


def _names(cut: Dropped, kept: Offset) -> str:
    return next(str(cell) for cell in cut.cells if cell.base_offset == kept)


class MinInsync(Promise):
    """I11: acks=all succeeds only with enough copies; with too small an ISR the high watermark stands still.

    A copy that went with the power before the leader could know still counts, and so does one that an administrator
    took away: the leader goes by an ISR that the controller had written, and by what that member had fetched.
    """

    promise, name = "I11", "min.insync.replicas"
    looks_at = frozenset({facts.ProduceAnswered, facts.HighWatermarkMoved})

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at every answer and every move of a leader's high watermark."""
        for one in told:
            match one.fact:
                case facts.ProduceAnswered(partition, error=ErrorCode.NONE, acks=-1) as fact:
                    broken = self._enough_copies(sim, self.ledger.histories.get(partition), number_of(one.node), fact)
                case facts.HighWatermarkMoved(partition, mark, True):
                    broken = self._may_move(sim, self.ledger.histories.get(partition), number_of(one.node), mark)
                case _:
                    continue
            if broken:
                return broken
        return None

    def _enough_copies(
        self, sim: Simulation, history: History | None, leader: BrokerId, fact: facts.ProduceAnswered
    ) -> str | None:
        if history is None:
            return None
        self.premises += 1
        own = history.copies.get(leader)
        cell = own.cell_at(fact.base_offset) if own else None
        holders = [
            broker
            for broker, copy in history.copies.items()
            if copy.lost_power or (cell is not None and _holds(history, copy, cell))
        ]
        if cell is not None and len(holders) < history.minimum:
            holders += self._taken_unknown(sim, history, leader, cell)
        if len(holders) < history.minimum:
            return (
                f"Broker {leader} acknowledged {cell} at offset {fact.base_offset} with acks=all, but only "
                f"{brokers(holders)} had it; min.insync.replicas={history.minimum}."
            )
        return self._isr_is_large_enough(sim, history, leader, lambda: f"acknowledged {cell} with acks=all")

    def _taken_unknown(self, sim: Simulation, history: History, leader: BrokerId, cell: Cell) -> list[BrokerId]:
        """Members of the ISR that the leader goes by, who had this until their copy was taken away.

        A reassignment that takes somebody away begins a new leader epoch; this leader has not read of it.
        """
        replica = ledger.replica_of(sim, leader, history.name)
        if replica is None or replica.leader_epoch >= history.state.leader_epoch:
            return []
        return [b for b, copy in history.taken.items() if b in replica.isr and _holds(history, copy, cell)]

    def _may_move(self, sim: Simulation, history: History | None, leader: BrokerId, mark: Offset) -> str | None:
        if history is None:
            return None
        self.premises += 1
        return self._isr_is_large_enough(sim, history, leader, lambda: f"moved its high watermark to {mark}")

    def _isr_is_large_enough(
        self, sim: Simulation, history: History, leader: BrokerId, deed: Callable[[], str]
    ) -> str | None:
        replica = ledger.replica_of(sim, leader, history.name)
        if replica is None or not replica.is_leader or len(replica.isr) >= history.minimum:
            return None
        return (
            f"Broker {leader} {deed()} while its ISR was {members(replica.isr)}; "
            f"min.insync.replicas={history.minimum}."
        )
