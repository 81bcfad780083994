"""How a broker comes to life: register, catch up with the metadata log, be unfenced, and keep saying so; and leaves.

```
 start ─▶ BrokerRegistration ─▶ broker epoch ─▶ heartbeats every 2 s ─▶ unfenced once caught up
 stop  ─▶ heartbeats that want to shut down, every 50 ms ─▶ leads nothing, all know it ─▶ may stop ─▶ clean mark
```

* The mark of a clean shutdown holds the broker epoch; it is removed at the start, so a crash leaves none behind.
* Leaving in order is asked for, and waited for only so long: then the broker stops anyway.
* A stale broker epoch means that the controller knows a newer process of this broker.

Mirrors `BrokerLifecycleManager` and `CleanShutdownFileHandler`. What we leave out: feature levels and log directories
in a registration, cordoned directories.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from minikafka.broker.channel import Channel
from minikafka.broker.controllers import Controllers
from minikafka.config import ServerConfig
from minikafka.disk import Disk
from minikafka.effects import Effect, SetTimer, Timer
from minikafka.protocol.controller_messages import (
    BrokerHeartbeatRequest,
    BrokerHeartbeatResponse,
    BrokerRegistrationRequest,
    BrokerRegistrationResponse,
)
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, Request
from minikafka.types import NO_EPOCH, BrokerId, Epoch, Millis, NodeId, Offset, broker_node

CLEAN_SHUTDOWN_PATH = ".kafka_cleanshutdown"
HEARTBEAT = "heartbeat"
REGISTRATION_RETRY_MS = 1_000
SHUTDOWN_DEADLINE = "shutdown-deadline"
SHUTDOWN_POLL_MS = 50
"""How often a broker that wants to leave asks whether it may."""
SHUTDOWN_WAIT_MS = 300_000
"""How long it waits for that (`KafkaBroker.shutdown`: five minutes)."""


class Lifecycle:
    """The broker's standing with the controller."""

    def __init__(
        self,
        broker_id: BrokerId,
        controllers: Controllers,
        config: ServerConfig,
        disk: Disk,
        incarnation_id: str,
        endpoint: tuple[str, int],
        rack: str | None,
        next_correlation_id: Callable[[], int],
    ) -> None:
        self.broker_id = broker_id
        self.controllers = controllers
        self.config = config
        self.broker_epoch: Epoch = NO_EPOCH
        self.fenced = True
        self.leaving = False
        """Has it been asked to stop in order?"""
        self.may_stop = False
        """Nothing keeps it any more, or it has waited long enough."""
        self._round = 0
        self._disk = disk
        self._registration = BrokerRegistrationRequest(
            broker_id, incarnation_id, _take_clean_shutdown_mark(disk), endpoint, rack
        )
        # Half a session: a heartbeat that is lost is sent again before the broker is fenced (as in Kafka).
        self.channel = Channel(
            broker_node(broker_id), "heartbeat", next_correlation_id, config.broker_session_timeout_ms // 2
        )

    def report(self, applied: Offset, now: Millis) -> list[Effect]:
        """Register, or send a heartbeat; nothing while a request is under way."""
        if self.channel.is_busy:
            return []
        request: Request = self._registration
        if self.broker_epoch != NO_EPOCH:
            request = BrokerHeartbeatRequest(self.broker_id, self.broker_epoch, applied, want_shut_down=self.leaving)
        return self.channel.send(self.controllers.active, request, now)

    def take(self, envelope: Envelope, applied: Offset, now: Millis) -> list[Effect]:
        """Use the controller's answer."""
        if not self.channel.answered(envelope):
            return []
        match envelope.message:
            case BrokerRegistrationResponse(error=ErrorCode.NONE) as response:
                self.broker_epoch = response.broker_epoch
                return self._again(1)
            case BrokerHeartbeatResponse(error=ErrorCode.NONE) as response:
                self.fenced = response.is_fenced
                if response.should_shut_down:
                    self.may_stop = True
                    return []
                return self._again(SHUTDOWN_POLL_MS if self.leaving else self.config.broker_heartbeat_interval_ms)
        return self._again(REGISTRATION_RETRY_MS)

    def is_ready(self, applied: Offset) -> bool:
        """Has this process replayed its own registration? Before that it acts on nothing it finds in the log.

        What it reads earlier was written for its former process, which may have held more than this one does.
        """
        return self.broker_epoch != NO_EPOCH and applied >= self.broker_epoch

    def caught_up(self, applied: Offset, now: Millis) -> list[Effect]:
        """The metadata log has been replayed up to `applied`: if that makes us eligible, say so at once."""
        if self.fenced and self.is_ready(applied):
            return self.report(applied, now)
        return []

    def connection_lost(self, peer: NodeId) -> list[Effect]:
        """The controller is gone: try again after a pause."""
        return self._again(REGISTRATION_RETRY_MS) if self.channel.lost(peer) else []

    def timed_out(self, applied: Offset, now: Millis) -> list[Effect]:
        """No answer in time: try another connection."""
        late, effects = self.channel.check(now)
        return self.report(applied, now) if late else effects

    def begin_shutdown(self, applied: Offset, now: Millis) -> list[Effect]:
        """Ask to be let go, now and until it is granted."""
        self.leaving = True
        if self.broker_epoch == NO_EPOCH or not self.config.controlled_shutdown_enable:
            self.may_stop = True
            return []
        return [*self.report(applied, now), SetTimer(Timer(SHUTDOWN_DEADLINE), SHUTDOWN_WAIT_MS)]

    def give_up_waiting(self) -> list[Effect]:
        """Nobody has let it go in time: it stops as it is."""
        self.may_stop = True
        return []

    def leave_clean_shutdown_mark(self) -> None:
        """The last thing a broker does before it stops in order."""
        self._disk.replace(CLEAN_SHUTDOWN_PATH, json.dumps({"brokerEpoch": self.broker_epoch}).encode())

    def wake(self, timer: Timer, applied: Offset, now: Millis) -> list[Effect]:
        """Time for the next report, unless a newer timer has taken over."""
        return self.report(applied, now) if timer.guards == self._round else []

    def _again(self, after_ms: Millis) -> list[Effect]:
        self._round += 1
        return [SetTimer(Timer(HEARTBEAT, self._round), after_ms)]


def _take_clean_shutdown_mark(disk: Disk) -> Epoch:
    content = disk.read(CLEAN_SHUTDOWN_PATH, 0, disk.size(CLEAN_SHUTDOWN_PATH))
    disk.delete(CLEAN_SHUTDOWN_PATH)
    return int(json.loads(content)["brokerEpoch"]) if content else NO_EPOCH
