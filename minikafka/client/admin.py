"""The admin client: one request, one answer, to whichever broker answers.

Mirrors `KafkaAdminClient`. What we leave out: everything but creating and describing topics.
"""

from __future__ import annotations

from minikafka.config import AdminConfig
from minikafka.effects import Effect, Send, SetTimer, Timer
from minikafka.protocol.messages import Envelope, Request, Response
from minikafka.types import Millis, NodeId

WAKE = "admin-wake"


class AdminNode:
    """Asks brokers in turn until one answers."""

    def __init__(self, node: NodeId, config: AdminConfig, bootstrap: tuple[NodeId, ...]) -> None:
        self.id = node
        self.config = config
        self.bootstrap = bootstrap
        self.answers: dict[int, Response] = {}
        """Answers by ticket, for the surface to collect."""
        self._waiting: dict[int, tuple[Request, NodeId]] = {}
        self._ticket = 0
        self._turn = 0

    def ask(self, request: Request, now: Millis) -> tuple[int, list[Effect]]:
        """Send a request: (ticket, effects); the answer will be in `answers` under the ticket."""
        self._ticket += 1
        return self._ticket, self._send(self._ticket, request)

    def start(self, now: Millis) -> list[Effect]:
        """Nothing to do before the first request."""
        return []

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """Keep the answer."""
        if self._waiting.pop(envelope.correlation_id, None) is not None:
            self.answers[envelope.correlation_id] = envelope.message  # type: ignore[assignment]  # answers are responses
        return []

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """That broker is gone: ask the next one after a pause."""
        if not any(broker == peer for _, broker in self._waiting.values()):
            return []
        self._turn += 1
        return [SetTimer(Timer(WAKE, self._turn), self.config.retry_backoff_ms)]

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """Ask again what was under way to a broker that is gone."""
        if timer.guards != self._turn:
            return []
        return [
            effect for ticket, (request, _) in list(self._waiting.items()) for effect in self._send(ticket, request)
        ]

    def _send(self, ticket: int, request: Request) -> list[Effect]:
        broker = self.bootstrap[self._turn % len(self.bootstrap)]
        self._waiting[ticket] = (request, broker)
        return [Send(Envelope(self.id, broker, request, ticket))]
