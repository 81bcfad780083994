"""Who coordinates my group? Any broker knows: the leader of one partition of `__consumer_offsets`.

* The answer holds until the coordinator says otherwise, or is gone; then it is asked for again, after a pause.

Mirrors `AbstractCoordinator.lookupCoordinator` and `CoordinatorRequestManager`. What we leave out: nothing.
"""

from __future__ import annotations

from minikafka.client.cluster_metadata import ClusterMetadata
from minikafka.client.consumer_requests import Requests
from minikafka.effects import Effect
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import GROUP_KEY, FindCoordinatorRequest, FindCoordinatorResponse
from minikafka.types import Millis, NodeId, broker_node

MOVED = frozenset({ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE})
"""Answers that mean: ask somebody else."""


class CoordinatorLookup:
    """Knows the coordinator of one group, or looks for it."""

    def __init__(self, group: str, requests: Requests, metadata: ClusterMetadata, retry_backoff_ms: Millis) -> None:
        self.group = group
        self.requests = requests
        self.metadata = metadata
        self.retry_backoff_ms = retry_backoff_ms
        self.node: NodeId | None = None
        self.refusal = ErrorCode.NONE
        """An answer that asking again will not change."""
        self._not_before_ms: Millis = 0

    def find(self, now: Millis) -> list[Effect]:
        """Ask, unless it is known, asked already, or asked a moment ago."""
        if self.node is not None or now < self._not_before_ms or self.requests.is_under_way(FindCoordinatorRequest):
            return []
        return self.requests.send(self.metadata.whom_to_ask(), FindCoordinatorRequest(GROUP_KEY, (self.group,)), now)

    def found(self, response: FindCoordinatorResponse, now: Millis) -> None:
        """The answer: a broker, or try again."""
        endpoint = response.coordinators[0]
        if endpoint.error == ErrorCode.NONE:
            self.node = broker_node(endpoint.broker_id)
            return
        self._not_before_ms = now + self.retry_backoff_ms
        if not endpoint.error.retriable:
            self.refusal = endpoint.error

    def lost(self, now: Millis) -> None:
        """The coordinator moved, or is out of reach: look again after a pause."""
        self.node = None
        self._not_before_ms = now + self.retry_backoff_ms

    def next_due_ms(self, now: Millis) -> Millis | None:
        """When to ask again."""
        return self._not_before_ms if self.node is None and self._not_before_ms > now else None
