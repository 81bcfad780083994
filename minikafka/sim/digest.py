"""What a cluster is in, said in one canonical text: two runs with the same text are taken to have the same future.

In it: for every broker its logs (which batches, by the ledger's names), high watermarks, roles, epochs, ISRs, what the
leader knows of its followers; the controller's state of partitions and who is fenced; what is committed and
acknowledged; links that are cut; and every message about records that is under way, with its offsets and epochs.

What we leave out, and so do not tell apart: clocks (how long until a timer fires), broker epochs, messages about
metadata and heartbeats, the producer's own counters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from minikafka.broker.partition import Partition
from minikafka.client.producer import ProducerNode
from minikafka.protocol.controller_messages import AlterPartitionRequest, AlterPartitionResponse
from minikafka.protocol.messages import FetchRequest, FetchResponse, Message, ProduceRequest, ProduceResponse
from minikafka.sim.checkers import ledger
from minikafka.sim.checkers.ledger import History, Ledger
from minikafka.sim.simulation import Simulation
from minikafka.types import METADATA_PARTITION, broker_node


def digest(sim: Simulation, book: Ledger, *more: Any) -> str:
    """The digest of a run's state, and of `more`, which the caller wants told apart."""
    parts = [
        [_partition(sim, history) for history in book.histories.values()],
        [
            (broker, sim.process(broker_node(broker)) is None, ledger.is_active(sim, broker))
            for broker in sim.broker_ids
        ],
        [machine.paused for machine in sim.machines.values()],
        sorted(sim.network.cuts),
        sorted(sim.network.unnoticed),
        sorted(_under_way(sim)),
        [node.outstanding for node in _producers(sim)],
        more,
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _partition(sim: Simulation, history: History) -> Sequence[Any]:
    state = history.state
    controller = (state.leader, state.leader_epoch, state.isr, state.elr, state.last_known_leader, state.recovering)
    copies = [
        (broker, [cell.prefix for cell in copy.cells], _replica(ledger.replica_of(sim, broker, history.name)))
        for broker, copy in history.copies.items()
    ]
    return controller, copies, history.high_watermark, len(history.committed), sorted(history.acknowledged)


def _replica(replica: Partition | None) -> Any:
    if replica is None:
        return None
    followers = [(broker, known.log_end_offset) for broker, known in sorted(replica.followers.items())]
    return (
        replica.role.value, replica.leader, replica.leader_epoch, sorted(replica.isr), replica.log.high_watermark,
        replica.log.epochs.entries, replica.proposal is not None and sorted(replica.proposal.isr), followers,
    )  # fmt: skip


def _producers(sim: Simulation) -> Iterable[ProducerNode]:
    return [machine.node for machine in sim.machines.values() if isinstance(machine.node, ProducerNode)]


def _under_way(sim: Simulation) -> Iterable[str]:
    for connection in sim.network.connections.values():
        for message in connection.in_flight:
            said = _about(message.envelope.message)
            if said is not None:
                yield f"{message.envelope.source} {message.envelope.destination} {said}"


def _about(message: Message) -> Any:
    match message:
        case FetchRequest(partitions=partitions):
            return [
                (str(one.partition), one.fetch_offset, one.current_leader_epoch, one.last_fetched_epoch)
                for one in partitions
                if one.partition != METADATA_PARTITION
            ] or None
        case FetchResponse(partitions=results):
            return [
                (str(one.partition), one.error, one.high_watermark, len(one.records), one.diverging_end_offset)
                for one in results
                if one.partition != METADATA_PARTITION
            ] or None
        case ProduceRequest() | ProduceResponse():
            return type(message).__name__
        case AlterPartitionRequest() | AlterPartitionResponse():
            return type(message).__name__
        case _:
            return None
