"""What clients saw, judged by Jepsen's names: no look into any broker, only at what was promised to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.client.consumer import ConsumerNode
from minikafka.client.producer import ProducerNode
from minikafka.sim import anomalies, history
from minikafka.sim.checkers.promise import AT_THE_END, Promise

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation

FINAL = "consumer-final"
"""The consumer that reads everything once more after the world was mended."""
AT_LEAST_ONCE = ("duplicate", "nonmonotonic-send", "int-nonmonotonic-send")
"""What retries without idempotence may do (I19): no fault there."""


class SeenByClients(Promise):
    """No anomaly in the history of all clients, but those that Kafka allows."""

    promise, name = "Jepsen", "seen by clients"
    looks_at = AT_THE_END

    def finish(self, sim: Simulation) -> str | None:
        """Judge the whole history; losses beyond the promise have been told by others."""
        if any(known.beyond for known in self.ledger.histories.values()):
            return None
        clients = [machine.node for machine in sim.machines.values()]
        plain = any(isinstance(one, ProducerNode) and not one.config.is_idempotent for one in clients)
        readers = [one for one in clients if isinstance(one, ConsumerNode)]
        uncommitted = [one.id for one in readers if one.config.isolation_level != "read_committed"]
        caught_up = any(one.id == FINAL for one in readers)
        seen = history.history_of(sim.recorder, uncommitted, caught_up=caught_up)
        self.premises += len(seen.operations)
        verdict = anomalies.check(seen, AT_LEAST_ONCE if plain else ())
        if not verdict.bad:
            return None
        name = verdict.bad[0]
        return f"{name}: {verdict.anomalies[name][0]}"
