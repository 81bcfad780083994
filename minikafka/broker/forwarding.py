"""Passing on to the active controller what only it may decide, and its answers back to whoever asked.

```
 admin ─▶ CreateTopics ─▶ any broker ─▶ active controller ─▶ answer ─▶ the same broker ─▶ admin
```

* The broker adds nothing and remembers nothing but who asked.
* A controller that is gone, or is not the active one, has decided nothing: the broker asks again, whoever is active
  then, until the request has waited too long. Asked twice, a topic may "already exist"; Kafka answers so, too.

Mirrors `ForwardingManager` and `NodeToControllerChannelManager`. What we leave out: the Envelope request that carries
the principal of the client.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from minikafka.broker import refusals
from minikafka.broker.controllers import Controllers
from minikafka.config import ServerConfig
from minikafka.effects import Effect, Send, SetTimer, Timer
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, Request, Response
from minikafka.types import Millis, NodeId

FORWARD_RETRY = "forward-retry"
RETRY_BACKOFF_MS = 100
_CHANNEL = "forward"

Own: TypeAlias = tuple[Request, Response]
"""A request of the broker itself, with its answer."""


@dataclass(slots=True)
class Forwarded:
    """A request on its way to the controller; `asker` is None when the broker itself asks."""

    request: Request
    asker: Envelope | None
    due_ms: Millis
    peer: NodeId
    waiting: bool = False
    """To be sent again when the pause is over."""


class Forwarder:
    """The requests that one broker has passed on."""

    def __init__(
        self,
        node: NodeId,
        controllers: Controllers,
        config: ServerConfig,
        next_correlation_id: Callable[[], int],
    ) -> None:
        self.node = node
        self.controllers = controllers
        self.config = config
        self._next_correlation_id = next_correlation_id
        self._connection = 0
        """Raised when an answer did not come in time: the next request goes over a new connection."""
        self._under_way: dict[int, Forwarded] = {}
        """By our correlation id."""

    def forward(self, asker: Envelope | None, request: Request, now: Millis) -> list[Effect]:
        """Ask the controller, for a client or (None) for the broker itself."""
        number = self._next_correlation_id()
        due_ms = now + self.config.request_timeout_ms
        self._under_way[number] = Forwarded(request, asker, due_ms, self.controllers.active)
        return [self._send(number), SetTimer(Timer(FORWARD_RETRY), self.config.request_timeout_ms)]

    def answered(self, envelope: Envelope, now: Millis) -> tuple[Own | None, list[Effect]]:
        """The controller's answer: passed back, or (for a request of our own) returned."""
        forwarded = self._under_way.get(envelope.correlation_id)
        response = envelope.message
        if forwarded is None or not isinstance(response, Response):
            return None, []
        if refusals.says_not_controller(response) and now < forwarded.due_ms:
            return None, self._again_later([forwarded])
        del self._under_way[envelope.correlation_id]
        return self._deliver(forwarded, response)

    def connection_lost(self, peer: NodeId) -> list[Effect]:
        """A client that is gone waits for nothing; what a controller has not answered is asked again."""
        for number, forwarded in list(self._under_way.items()):
            if forwarded.asker is not None and forwarded.asker.source == peer:
                del self._under_way[number]
        lost = [one for one in self._under_way.values() if one.peer == peer and not one.waiting]
        return self._again_later(lost) if lost else []

    def resume(self, now: Millis) -> tuple[list[Own], list[Effect]]:
        """A pause is over, or time is up: send again, or give up what has waited too long."""
        effects: list[Effect] = []
        owns: list[Own] = []
        for number, forwarded in list(self._under_way.items()):
            if now >= forwarded.due_ms:
                del self._under_way[number]
                self._connection += not forwarded.waiting
                refused = refusals.refused(forwarded.request, ErrorCode.REQUEST_TIMED_OUT)
                own, told = self._deliver(forwarded, refused)
                owns += [] if own is None else [own]
                effects += told
            elif forwarded.waiting:
                forwarded.waiting, forwarded.peer = False, self.controllers.active
                effects.append(self._send(number))
        return owns, effects

    def _send(self, number: int) -> Effect:
        label = _CHANNEL if self._connection == 0 else f"{_CHANNEL}#{self._connection}"
        forwarded = self._under_way[number]
        return Send(Envelope(self.node, forwarded.peer, forwarded.request, number, label))

    def _deliver(self, forwarded: Forwarded, response: Response) -> tuple[Own | None, list[Effect]]:
        if forwarded.asker is None:
            return (forwarded.request, response), []
        return None, [Send(forwarded.asker.reply(response))]

    def _again_later(self, lost: list[Forwarded]) -> list[Effect]:
        for forwarded in lost:
            forwarded.waiting = True
        return [SetTimer(Timer(FORWARD_RETRY), RETRY_BACKOFF_MS)]
