"""What the active controller does unasked, from time to time.

```
 session-check      a broker was silent for broker.session.timeout.ms          → fence it, one in each pass
```

One broker in each pass: the next decision must be made on the state that the one before has left, else two brokers
that fall silent together could both be struck from an ISR of two, and nobody would be remembered in the right order.

Mirrors `QuorumController.registerMaybeFenceStaleBroker` and its neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.controller import cluster_control
from minikafka.controller.requests import ControllerState
from minikafka.effects import SetTimer, Timer
from minikafka.metadata.records import MetadataRecord
from minikafka.protocol import facts
from minikafka.types import Millis

SESSION_CHECK = "session-check"


class Step(NamedTuple):
    """Records to append together, and what is to be said before they are."""

    records: tuple[MetadataRecord, ...] = ()
    facts: tuple[facts.Fact, ...] = ()


def step(state: ControllerState, task: str, now: Millis) -> Step:
    """One pass of a task."""
    match task:
        case "session-check":
            return _fence_the_most_silent(state, now)
    raise AssertionError(f"there is no periodic task {task!r}")


def timers(state: ControllerState, now: Millis, guard: int = 0) -> list[SetTimer]:
    """All tasks, for a controller that becomes active. `guard` goes into each timer: the quorum epoch."""
    return [again(state, SESSION_CHECK, now, guard)]


def again(state: ControllerState, task: str, now: Millis, guard: int = 0) -> SetTimer:
    """The timer for the next pass of a task."""
    assert task == SESSION_CHECK, f"there is no periodic task {task!r}"
    return SetTimer(Timer(task, guard), max(state.heartbeats.next_due_ms(now) - now, 1))


def _fence_the_most_silent(state: ControllerState, now: Millis) -> Step:
    broker = state.heartbeats.first_stale(now)
    if broker is None:
        return Step()
    silent_ms = state.heartbeats.silent_ms(broker, now)
    state.heartbeats.forget(broker)
    return Step(cluster_control.fence(state.image, state.config, broker), (facts.BrokerFenced(broker, silent_ms),))
