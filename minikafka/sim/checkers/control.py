"""Promises about who leads and who counts.

I4 leader in ISR, I9 safe ISR growth, I17 single history, and I30 convergence at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.broker.partition import Partition
from minikafka.client.consumer import ConsumerNode
from minikafka.client.producer import ProducerNode
from minikafka.protocol import facts
from minikafka.sim.checkers import ledger, transactions
from minikafka.sim.checkers.ledger import History, Ledger, brokers, members
from minikafka.sim.checkers.promise import AT_THE_END, Promise
from minikafka.trace.trace import Told
from minikafka.types import NO_LEADER, BrokerId, NodeId, TopicPartition, number_of

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation


class LeaderInIsr(Promise):
    """I4: a leader is in its ISR, and a fenced broker is in none."""

    promise, name = "I4", "leader in ISR"
    looks_at = frozenset({facts.PartitionChanged, facts.BrokerFenced, facts.BrokerRegistered})

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at the controller's own state after each of its changes."""
        for history in self.ledger.touched(told, self.looks_at):
            self.premises += 1
            state = history.state
            if state.leader != NO_LEADER and state.leader not in state.isr:
                isr = members(state.isr)
                return f"The controller names broker {state.leader} leader of {history.name}, but its ISR is {isr}."
            # Without ELR the last member stays listed when it dies: somebody must be remembered.
            alone = not sim.config.eligible_leader_replicas_enable and len(state.isr) == 1
            fenced = [broker for broker in state.isr if not ledger.is_active(sim, broker) and not alone]
            if fenced:
                return f"Broker {fenced[0]} is fenced, but in the ISR {members(state.isr)} of {history.name}."
        return None


class UncleanIsMarked(Promise):
    """A leader from outside ISR and ELR is marked RECOVERING: records may be missing, and somebody must know (KIP-704).

    Said once that leader takes over, so that a record which is lost by it is told first.
    """

    promise, name = "I4", "unclean leaders are marked"
    looks_at = frozenset({facts.PartitionChanged, facts.BecameLeader})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._unmarked: dict[TopicPartition, str] = {}
        """Elections of which nobody was told."""

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at every election, and wait for the leader it names."""
        for _, _, fact in told:
            if isinstance(fact, facts.PartitionChanged):
                self._elected(fact)
            elif isinstance(fact, facts.BecameLeader) and fact.partition in self._unmarked:
                return self._unmarked[fact.partition]
        return None

    def finish(self, sim: Simulation) -> str | None:
        """An unmarked leader that never took over."""
        return next(iter(self._unmarked.values()), None)

    def _elected(self, fact: facts.PartitionChanged) -> None:
        if fact.leader in (NO_LEADER, fact.old_leader) or fact.old_leader_epoch < 0:
            return
        self.premises += 1
        self._unmarked.pop(fact.partition, None)
        eligible = fact.old_isr + fact.old_elr + self.ledger.histories[fact.partition].joined
        if fact.leader not in eligible and not fact.recovering:
            self._unmarked[fact.partition] = (
                f"Broker {fact.leader} was elected from outside ISR {members(fact.old_isr)} and ELR "
                f"{members(fact.old_elr)}, but is not marked RECOVERING: nobody will know that records may be missing."
            )


class SafeIsrGrowth(Promise):
    """I9: a replica joins the ISR only with everything committed, and with all that its leader's epoch began with.

    It must have fetched in this epoch, as the process that the controller knows (KIP-903).
    """

    promise, name = "I9", "safe ISR growth"
    looks_at = frozenset({facts.PartitionChanged})

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at every ISR that has grown."""
        for _, _, fact in told:
            if not isinstance(fact, facts.PartitionChanged):
                continue
            history = self.ledger.histories[fact.partition]
            asked_for = fact.isr if fact.leader_epoch == fact.old_leader_epoch else history.joined
            for broker in fact.isr:
                if broker in asked_for and broker not in fact.old_isr and not history.copies[broker].lost_power:
                    self.premises += 1
                    broken = _lacks_records(history, broker) or _is_unknown(sim, history, broker)
                    if broken:
                        return f"Broker {broker} joined the ISR of leader {fact.leader}, {broken}."
        return None


def _lacks_records(history: History, broker: BrokerId) -> str:
    copy, (epoch, start) = history.copies[broker], history.epoch_start
    if copy.agreed_end < history.high_watermark and not history.beyond:
        kept = copy.agreed_end
        return f"but has {history.found(broker, kept)} at offset {kept}: {history.promised(kept)}".replace(
            " there at", " at"
        )
    if epoch == history.state.leader_epoch and copy.end < start:
        return f"but ends at {copy.end}, below offset {start}, with which epoch {epoch} began"
    return ""


def _is_unknown(sim: Simulation, history: History, broker: BrokerId) -> str:
    leader, image = ledger.leader_of(sim, history), ledger.newest_image(sim)
    if leader is None or image is None:
        return ""
    heard = leader.followers.get(broker)
    if heard is None:
        return ""
    if heard.log_end_offset < 0:
        return f"but has not fetched in epoch {leader.leader_epoch}"
    known = image.brokers[broker].broker_epoch
    if heard.broker_epoch != known:
        return f"on the word of its former process: broker epoch {heard.broker_epoch}, now it is {known}"
    return ""


class SingleHistory(Promise):
    """I17: what any broker is told of a partition only gets newer, and each leader epoch has one leader."""

    promise, name = "I17", "single history"
    looks_at = frozenset({facts.PartitionChanged, facts.BecameLeader, facts.BecameFollower, facts.IsrAdopted})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._leaders: dict[tuple[TopicPartition, int], BrokerId] = {}
        self._newest: dict[tuple[NodeId, TopicPartition], tuple[int, int, int]] = {}
        """For each broker (start of its process, leader epoch, partition epoch)."""

    def begin(self, sim: Simulation) -> None:
        """See `Checker.begin`."""
        super().begin(sim)
        for name, history in self.ledger.histories.items():
            self._leaders[(name, history.state.leader_epoch)] = history.state.leader

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at every leader named or begun, and at what each broker in this step believes."""
        for _, node, fact in told:
            match fact:
                case facts.PartitionChanged(partition) if fact.leader != NO_LEADER:
                    broken = self._one_leader(partition, fact.leader_epoch, fact.leader, "the controller names")
                case facts.BecameLeader(partition, epoch):
                    broken = self._one_leader(partition, epoch, number_of(node), "there leads")
                    broken = broken or self._only_newer(sim, node, partition)
                case facts.BecameFollower(partition) | facts.IsrAdopted(partition):
                    broken = self._only_newer(sim, node, partition)
                case _:
                    continue
            if broken:
                return broken
        return None

    def _one_leader(self, partition: TopicPartition, epoch: int, leader: BrokerId, how: str) -> str | None:
        self.premises += 1
        known = self._leaders.setdefault((partition, epoch), leader)
        if known == leader:
            return None
        return f"Epoch {epoch} of {partition} belongs to broker {known}, and now {how} broker {leader}."

    def _only_newer(self, sim: Simulation, node: NodeId, partition: TopicPartition) -> str | None:
        replica = ledger.replica_of(sim, number_of(node), partition)
        if replica is None:
            return None
        self.premises += 1
        now = (sim.machines[node].starts, replica.leader_epoch, replica.partition_epoch)
        before = self._newest.get((node, partition), now)
        self._newest[(node, partition)] = now
        if now[0] != before[0] or (now[1] >= before[1] and now[2] >= before[2]):
            return None
        return (
            f"Broker {number_of(node)} went from leader epoch {before[1]}, partition epoch {before[2]} of {partition} "
            f"back to {now[1]}, {now[2]}."
        )


class Convergence(Promise):
    """I30: a while after all faults are mended, everything works and nobody waits."""

    promise, name = "I30", "convergence"
    looks_at = AT_THE_END

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._ends: dict[TopicPartition, tuple[int, int, int]] = {}
        """When each leader's log was looked at, where it ended, and where it had ended at the look before: that much
        must be committed where something is always being written."""

    def settled(self, sim: Simulation) -> bool:
        """Would it hold now?"""
        return self.finish(sim) is None

    def finish(self, sim: Simulation) -> str | None:
        """Look at every broker and every partition, then at every client."""
        fenced = [broker for broker in sim.broker_ids if not ledger.is_active(sim, broker)]
        if fenced:
            return f"After everything was mended, {brokers(fenced)} did not come back into the cluster."
        for history in self.ledger.histories.values():
            self.premises += 1
            broken = _not_led(sim, history) or _not_in_sync(sim, history, self._ends)
            if broken:
                return f"After everything was mended, {broken}."
        return self._waiting_clients(sim)

    def _waiting_clients(self, sim: Simulation) -> str | None:
        for node, machine in sim.machines.items():
            self.premises += isinstance(machine.node, (ProducerNode, ConsumerNode))
            if isinstance(machine.node, ProducerNode) and machine.node.outstanding:
                return f"After everything was mended, {node} still waits for {machine.node.outstanding} answers."
            if isinstance(machine.node, ConsumerNode):
                behind = self._lag(sim, machine.node)
                if behind:
                    return f"After everything was mended, {node} {behind}."
        return None

    def _lag(self, sim: Simulation, consumer: ConsumerNode) -> str:
        if not consumer.is_polling or consumer.state.buffer:
            return ""
        for partition, assigned in consumer.assigned.items():
            history = self.ledger.histories.get(partition)
            leader = ledger.leader_of(sim, history) if history else None
            if history is None or leader is None:
                continue
            mark = leader.log.high_watermark
            if consumer.config.isolation_level == "read_committed" and transactions.may_hang(self.ledger, history):
                mark = leader.log.last_stable_offset
            if assigned.position != mark:
                return f"reads at {assigned.position} and gets no further, though {mark} is committed"
        return ""


def _not_led(sim: Simulation, history: History) -> str:
    state = history.state
    if state.leader == NO_LEADER:
        return f"{history.name} has no leader, though {_who_could(sim, history)}" if _who_could(sim, history) else ""
    if ledger.leader_of(sim, history) is None:
        return f"broker {state.leader} does not lead {history.name}, though it was named for epoch {state.leader_epoch}"
    return ""


def _who_could(sim: Simulation, history: History) -> str:
    """Which rule would give a leader (KIP-966), empty if none does."""
    state = history.state
    live = [broker for broker in state.replicas if ledger.is_active(sim, broker)]
    for name, eligible in (("ISR", state.isr), ("ELR", () if state.isr else state.elr)):
        able = [broker for broker in live if broker in eligible]
        if able:
            return f"{brokers(able)} of its {name} could lead"
    if not state.isr and not state.elr and state.last_known_leader in live:
        return f"broker {state.last_known_leader}, the last known leader, is back"
    return f"unclean elections are allowed and {brokers(live)} could lead" if history.unclean_allowed and live else ""


def _not_in_sync(sim: Simulation, history: History, ends: dict[TopicPartition, tuple[int, int, int]]) -> str:
    leader = ledger.leader_of(sim, history)
    if leader is None:
        return ""
    live = {broker for broker in history.state.replicas if ledger.is_active(sim, broker)}
    missing = sorted(live - set(history.state.isr))
    if missing:
        verbs = "runs, but is" if len(missing) == 1 else "run, but are"
        return f"{brokers(missing)} {verbs} not in the ISR {members(history.state.isr)}"
    end = leader.log.log_end_offset
    looked_ms, end_then, end_before = ends.get(history.name, (-1, end, end))
    if looked_ms != sim.now:
        ends[history.name] = (sim.now, end, end_then)
        end_before = end_then
    return _not_committed(sim, history, leader, min(end, end_before))


def _not_committed(sim: Simulation, history: History, leader: Partition, end: int) -> str:
    mark = leader.log.high_watermark
    if mark < end and len(leader.isr) >= history.minimum:
        return f"leader {leader.broker_id} ends at {end}, but its high watermark stands at {mark}"
    for process in sim.running_brokers():
        if process.replicas.purgatory.produces:
            return f"a producer's request still waits at {process.id}"
    return ""
