"""What the active controller does unasked, from time to time.

```
 session-check       a broker was silent for broker.session.timeout.ms          → fence it, one in each pass
 leader-imbalance    every leader.imbalance.check.interval.seconds              → leaders back to the first replica
 unclean-election    every unclean.leader.election.interval.ms                  → where allowed, and nobody leads
```

One broker in each pass: the next decision must be made on the state that the one before has left, else nobody would
know in which order two brokers that fall silent together have left an ISR.

Mirrors `QuorumController.registerMaybeFenceStaleBroker` and its neighbours. What we leave out: tasks for features
that are not modelled (log directories, directories of voters).
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.controller import cluster_control, leader_control
from minikafka.controller.requests import ControllerState
from minikafka.effects import SetTimer, Timer
from minikafka.metadata.records import MetadataRecord
from minikafka.protocol import facts
from minikafka.types import Millis

SESSION_CHECK = "session-check"
LEADER_IMBALANCE = "leader-imbalance"
UNCLEAN_ELECTION = "unclean-election"


class Step(NamedTuple):
    """Records to append together, and what is to be said before they are."""

    records: tuple[MetadataRecord, ...] = ()
    facts: tuple[facts.Fact, ...] = ()


def step(state: ControllerState, task: str, now: Millis) -> Step:
    """One pass of a task."""
    match task:
        case "session-check":
            return _fence_the_most_silent(state, now)
        case "leader-imbalance":
            return Step(leader_control.back_to_preferred(state.image, state.config))
        case "unclean-election":
            return Step(leader_control.unclean_where_allowed(state.image, state.config))
    raise AssertionError(f"there is no periodic task {task!r}")


def timers(state: ControllerState, now: Millis, guard: int = 0) -> list[SetTimer]:
    """All tasks, for a controller that becomes active. `guard` goes into each timer: the quorum epoch."""
    tasks = [SESSION_CHECK, UNCLEAN_ELECTION]
    if state.config.auto_leader_rebalance_enable:
        tasks.append(LEADER_IMBALANCE)
    return [again(state, task, now, guard) for task in tasks]


def again(state: ControllerState, task: str, now: Millis, guard: int = 0) -> SetTimer:
    """The timer for the next pass of a task."""
    due_in = {
        SESSION_CHECK: max(state.heartbeats.next_due_ms(now) - now, 1),
        LEADER_IMBALANCE: 1_000 * state.config.leader_imbalance_check_interval_seconds,
        UNCLEAN_ELECTION: state.config.unclean_leader_election_interval_ms,
    }
    return SetTimer(Timer(task, guard), due_in[task])


def _fence_the_most_silent(state: ControllerState, now: Millis) -> Step:
    broker = state.heartbeats.first_stale(now)
    if broker is None:
        return Step()
    silent_ms = state.heartbeats.silent_ms(broker, now)
    state.heartbeats.forget(broker)
    return Step(cluster_control.fence(state.image, state.config, broker), (facts.BrokerFenced(broker, silent_ms),))
