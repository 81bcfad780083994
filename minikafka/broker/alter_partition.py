"""How a leader gets its ISR written down: one proposal at a time to the active controller.

```
 leader wants {1, 2} ─▶ AlterPartition(leader epoch, partition epoch) ─▶ controller writes ─▶ leader adopts {1, 2}
```

* Until the answer is there the leader counts with the larger of the two: it removes nobody that the controller may
  still elect, and waits for everybody that it may already elect (KIP-497).
* A refusal because the leader is behind is not retried: what it missed is in the metadata log and will arrive.

Mirrors `AlterPartitionManager` and `Partition.handleAlterPartitionError`. What we leave out: several partitions
in one request.
"""

from __future__ import annotations

from collections.abc import Callable

from minikafka.broker.channel import Channel
from minikafka.broker.controllers import Controllers
from minikafka.broker.partition import IsrProposal, Partition
from minikafka.config import ServerConfig
from minikafka.effects import Effect, Observe, SetTimer, Timer
from minikafka.protocol import facts
from minikafka.protocol.controller_messages import AlterPartitionRequest, AlterPartitionResponse, IsrMember
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope
from minikafka.types import BrokerId, Epoch, Millis, NodeId, TopicPartition, broker_node

PROPOSAL_RETRY = "isr-proposal-retry"
RETRY_BACKOFF_MS = 1_000


class AlterPartitionManager:
    """Sends the proposals of all partitions that this broker leads."""

    def __init__(
        self,
        broker_id: BrokerId,
        controllers: Controllers,
        config: ServerConfig,
        proposing: dict[TopicPartition, Partition],
        next_correlation_id: Callable[[], int],
    ) -> None:
        """`proposing` is the replica manager's list of partitions that want another ISR."""
        self.broker_id = broker_id
        self.controllers = controllers
        self.proposing = proposing
        self.channel = Channel(
            broker_node(broker_id), "alter-partition", next_correlation_id, config.request_timeout_ms
        )
        self._asked: tuple[Partition, IsrProposal] | None = None
        self._pausing = False

    def submit(self, broker_epoch: Epoch, now: Millis) -> list[Effect]:
        """Send the next proposal, unless one is under way."""
        while self.proposing and not self.channel.is_busy and not self._pausing:
            name = next(iter(self.proposing))
            partition = self.proposing.pop(name)
            if partition.proposal is not None and partition.is_leader:
                self._asked = (partition, partition.proposal)
                request = self._request(partition, partition.proposal, broker_epoch)
                return self.channel.send(self.controllers.active, request, now)
        return []

    def take(self, envelope: Envelope, now: Millis) -> tuple[TopicPartition | None, list[Effect]]:
        """Use the controller's answer: (partition whose ISR is now written, what happened)."""
        response = envelope.message
        if not self.channel.answered(envelope):
            return None, []
        if not isinstance(response, AlterPartitionResponse):
            return None, self._again()
        assert self._asked is not None, "an answer without a question"
        partition, proposal = self._asked
        if response.error == ErrorCode.NONE and response.leader_epoch != partition.leader_epoch:
            # It completed a reassignment that took replicas away: all that is in the metadata log, and on its way.
            return None, []
        if response.error == ErrorCode.NONE:
            told = partition.proposal_accepted(response.isr, response.partition_epoch, now)
            return partition.name, [Observe(fact) for fact in told]
        effects: list[Effect] = [Observe(facts.IsrProposalRefused(partition.name, response.error))]
        if response.error == ErrorCode.INELIGIBLE_REPLICA:
            partition.proposal_dropped(proposal)
        elif response.error in (ErrorCode.NOT_CONTROLLER, ErrorCode.STALE_BROKER_EPOCH):
            effects += self._try_again(partition)
        return None, effects

    def connection_lost(self, peer: NodeId) -> list[Effect]:
        """The controller is gone: ask again after a pause."""
        return self._again() if self.channel.lost(peer) else []

    def timed_out(self, now: Millis) -> list[Effect]:
        """No answer in time: ask again on another connection."""
        late, effects = self.channel.check(now)
        return self._again() if late else effects

    def resume(self) -> None:
        """The pause is over."""
        self._pausing = False

    def _again(self) -> list[Effect]:
        assert self._asked is not None, "a lost answer without a question"
        partition, proposal = self._asked
        return self._try_again(partition) if partition.proposal is proposal else []

    def _try_again(self, partition: Partition) -> list[Effect]:
        self.proposing[partition.name] = partition
        self._pausing = True
        return [SetTimer(Timer(PROPOSAL_RETRY), RETRY_BACKOFF_MS)]

    def _request(self, partition: Partition, proposal: IsrProposal, broker_epoch: Epoch) -> AlterPartitionRequest:
        members = tuple(
            IsrMember(member, broker_epoch if member == self.broker_id else partition.followers[member].broker_epoch)
            for member in partition.replicas
            if member in proposal.isr
        )
        return AlterPartitionRequest(
            self.broker_id, broker_epoch, partition.name, proposal.leader_epoch, proposal.partition_epoch, members
        )
