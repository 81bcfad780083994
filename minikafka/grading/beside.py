"""An application beside a cluster, for the length of a run: what it does is judged after every step, as a promise is.

```
 cluster     step 41 ── step 42 ── step 43 ──            a schedule does there what it likes
 application    open ── polls ─── commits 5 ──▶ broken?  its decision is the learner's
```

* The application is a client like any other: what it does comes over the network, and takes its time.
* It says itself what it has broken, as a sentence, as soon as it has. That breaks I29.
* At the end there is nothing more to judge: it was judged at every step.

What we leave out: two applications at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from minikafka.client.consumer import ConsumerNode
from minikafka.effects import Effect
from minikafka.types import Millis, NodeId, broker_node

if TYPE_CHECKING:
    from minikafka.sim.schedule import Setup
    from minikafka.sim.simulation import Simulation
    from minikafka.trace.trace import Told


class Application(ConsumerNode, ABC):
    """A consumer and what is done with its records."""

    broken = ""
    """What it has broken, as a sentence; empty while nothing."""

    @property
    @abstractmethod
    def first_call(self) -> str:
        """What it calls to begin, as `read orders-0`."""

    @abstractmethod
    def open(self, now: Millis) -> list[Effect]:
        """Begin."""


A = TypeVar("A", bound=Application)


class Beside(ABC, Generic[A]):
    """A checker that brings what it judges."""

    promise = "I29"
    name = "at least once"
    about: ClassVar[str]
    """What the application is, for the readers of a trace."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.premises = 0
        self._application: A | None = None

    @property
    def application(self) -> A:
        """What runs, once the cluster is up."""
        assert self._application is not None
        return self._application

    @abstractmethod
    def make(self, sim: Simulation, bootstrap: tuple[NodeId, ...]) -> A:
        """The application, before it does anything."""

    def listen(self, sim: Simulation, told: list[Told]) -> None:
        """After a step: what the application hears of it, and what it is called for."""

    def begin(self, sim: Simulation) -> None:
        """See `Checker.begin`."""
        made = self._application = self.make(sim, tuple(broker_node(broker) for broker in sim.broker_ids))
        sim.add_client(made, self.about)
        sim.call(made.id, made.first_call, lambda: made.open(sim.now))

    def watch(self, sim: Simulation, told: list[Told]) -> str | None:
        """See `Checker.watch`."""
        self.premises += 1
        self.listen(sim, told)
        return self.application.broken or None

    def settled(self, sim: Simulation) -> bool:
        """See `Checker.settled`."""
        return True

    def finish(self, sim: Simulation) -> str | None:
        """See `Checker.finish`."""
        return None
