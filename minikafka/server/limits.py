"""What one broker gives its clients at most: settings of the listeners, by Kafka's names.

    minikafka serve --config connections.max.idle.ms=60000 --config max.connections=100

- A frame that says it is larger than `socket.request.max.bytes` closes its connection before it is read.
- A connection on which nothing has come or gone for `connections.max.idle.ms` is closed; clients open another when they
  need it. One that waits for its answer is not idle.
- Connections beyond `max.connections` are closed as they come.

Mirrors `SocketServerConfigs`, `ConnectionQuotas`. What we leave out: Kafka leaves a connection beyond the limit waiting
until another has gone; limits for each address and for each listener.
"""

from __future__ import annotations

from dataclasses import dataclass

from minikafka.config import MAX_INT
from minikafka.types import Millis


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Settings of the listeners: those that no simulated node has."""

    socket_request_max_bytes: int = 104_857_600
    """Largest request; a frame that says it is larger closes its connection."""
    connections_max_idle_ms: Millis = 600_000
    """A connection that is not used for so long is closed."""
    max_connections: int = MAX_INT
    """Of one broker, at the same time."""
