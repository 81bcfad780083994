"""A controller process: a voter of the quorum, and, when it leads, the one that decides.

```
 BrokerHeartbeat ─▶ decide (read the image) ─▶ records ─▶ __cluster_metadata ─▶ a majority has them ─▶ answer
                                                                │
                                               voters and brokers fetch and replay
```

* A decision that was not committed has not happened: its answer waits until a majority has its records (D3).
* The leader of the quorum becomes *active* once it has replayed everything up to the first record of its own epoch.
* It decides on `latest`, the image with what is appended and not yet committed, so that two decisions in a row do not
  contradict each other. A leader that is deposed throws it away, and answers whoever waits NOT_CONTROLLER.
* Nobody is *told* of an election: brokers read of it when they fetch the log, some of them late.
* A controller takes no part in produce or fetch: with every controller gone, leaders go on serving.

Mirrors `QuorumController` and `RaftManager`. What we leave out: dividing decisions of more than 10 000 records.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from minikafka.config import ServerConfig
from minikafka.controller import changes, periodic, requests
from minikafka.controller.heartbeats import Heartbeats
from minikafka.controller.peers import Peers
from minikafka.controller.quorum_requests import QuorumRequests
from minikafka.controller.quorum_voter import Voter
from minikafka.controller.requests import ControllerRequest, ControllerState
from minikafka.disk import Disk, StorageError
from minikafka.effects import Effect, Observe, Send, SetTimer, Timer
from minikafka.metadata import snapshot
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import MetadataRecord, decode, encode
from minikafka.protocol import facts
from minikafka.protocol.messages import Envelope, Request, Response
from minikafka.protocol.quorum_messages import DescribeQuorumRequest, NotControllerResponse
from minikafka.protocol.records import RecordBatch, build_batch
from minikafka.types import (
    METADATA_PARTITION,
    NO_EPOCH,
    Epoch,
    Millis,
    NodeId,
    Offset,
    controller_replica_id,
    number_of,
)

QUORUM = "quorum"


@dataclass(slots=True)
class Pending:
    """A decision of this leader that is not yet committed."""

    end_offset: Offset
    """It is committed when everything below is."""
    told: list[facts.Fact]
    envelope: Envelope | None = None
    response: Response | None = None


class Controller:
    """One controller process."""

    def __init__(
        self, node: NodeId, voters: tuple[NodeId, ...], config: ServerConfig, disk: Disk, draw: Callable[[], float]
    ) -> None:
        """`voters` are all controllers, with this one; `draw` gives the next random number in [0, 1)."""
        ids = {controller_replica_id(number_of(voter)): voter for voter in voters}
        local_id = controller_replica_id(number_of(node))
        self.id = node
        self.config = config
        self.voter = Voter(local_id, tuple(ids), config, disk, draw)
        self.peers = Peers(node, {voter: name for voter, name in ids.items() if name != node}, config)
        self.serving = QuorumRequests(self.voter)
        self.image = MetadataImage()
        """What is committed, as far as this controller knows."""
        self.latest: MetadataImage | None = None
        """The same with what this active controller has appended; None: it is not active."""
        self.active_epoch: Epoch = NO_EPOCH
        self.heartbeats = Heartbeats(config.broker_session_timeout_ms)
        self.pending: list[Pending] = []
        self.is_leaving = False
        """Was it asked to stop in order?"""
        self._bytes_since_snapshot = 0
        self._snapshot_ms: Millis = -1
        """When the last snapshot was taken, or this process started."""
        self._armed_ms: Millis | None = None
        self._last_state = (self.voter.state, self.voter.epoch)

    @property
    def is_active(self) -> bool:
        """Does it decide?"""
        return self.latest is not None

    # --- the four calls of a node ---

    def start(self, now: Millis) -> list[Effect]:
        """Take up the place in the quorum that the disk remembers."""
        return self._settle([Observe(fact) for fact in self.voter.start(now)], now)

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """Answer a broker or another controller, or use an answer. Requests of clients come through brokers."""
        try:
            effects = self._answered(envelope, now) if envelope.is_response else self._asked(envelope, now)
        except StorageError as problem:
            effects = self._storage_failed(problem, now)
            if not envelope.is_response:
                effects.append(Send(envelope.reply(self._not_active())))
        return self._settle(effects, now)

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """Forget a waiting fetch of somebody who is gone. The session of a broker goes on until it times out."""
        self.serving.forget(peer)
        self.peers.lost(peer, now)
        return self._settle([], now)

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """Time for the quorum, for a fetch that has waited long enough, or for one of the active controller's tasks."""
        try:
            effects = self._fired(timer, now)
        except StorageError as problem:
            effects = self._storage_failed(problem, now)
        return self._settle(effects, now)

    def begin_shutdown(self, now: Millis) -> list[Effect]:
        """Asked to stop in order: a leader resigns, and names who should stand next. Once `may_stop`, call `stop`."""
        self.is_leaving = True
        if not self.voter.is_leader or not self.peers.peers:
            return []
        return self._settle([Observe(fact) for fact in self.voter.resign(now)], now)

    @property
    def may_stop(self) -> bool:
        """It was asked to stop, and everybody has heard its goodbye, or has had time to."""
        return self.is_leaving and not self.voter.is_saying_goodbye

    def stop(self, now: Millis) -> None:
        """Stop in order. Nothing is left to write: votes and records were flushed before they counted."""

    # --- what arrives ---

    def _asked(self, envelope: Envelope, now: Millis) -> list[Effect]:
        request = envelope.message
        assert isinstance(request, Request), "an answer is no request"
        if isinstance(request, DescribeQuorumRequest) and not self.voter.is_leader:
            return [Send(envelope.reply(self._not_active()))]
        if self.serving.is_for_quorum(request):
            return self.serving.answer(envelope, request, now)
        assert isinstance(request, ControllerRequest), f"a controller does not serve {type(request).__name__}"
        if not self.is_active:
            return [Send(envelope.reply(self._not_active()))]
        state = self._state()
        result = requests.decide(state, request, now)
        told = requests.facts_of(state, request, result)
        requests.note(state, request, result, now)
        return self._commit(result.records, told, now, envelope, result.response)

    def _not_active(self) -> NotControllerResponse:
        return NotControllerResponse(self.voter.leader_hint, self.voter.epoch)

    def _answered(self, envelope: Envelope, now: Millis) -> list[Effect]:
        found = self.peers.answered(envelope)
        if found is None:
            return []
        peer, asked = found
        response = envelope.message
        assert isinstance(response, Response), "a request is no answer"
        good, told = self.serving.take(peer, asked, response, now)
        if not good:
            self.peers.failed(peer, now)
        return [Observe(fact) for fact in told]

    def _fired(self, timer: Timer, now: Millis) -> list[Effect]:
        match timer.name:
            case "quorum":
                if timer.guards != self._armed_ms:
                    return []
                self._armed_ms = None
                self.peers.expire(now)
                return [Observe(fact) for fact in self.voter.tick(now)]
            case "metadata-fetch-expiry":
                return self.serving.answer_waiting(now, only_due=True)
        if timer.guards != self.active_epoch:
            return []
        step = periodic.step(self._state(), timer.name, now)
        effects = self._commit(step.records, list(step.facts), now)
        return [*effects, periodic.again(self._state(), timer.name, now, self.active_epoch)]

    def _storage_failed(self, problem: StorageError, now: Millis) -> list[Effect]:
        """Who cannot write must not lead, and nothing it could not write counts."""
        effects: list[Effect] = [Observe(facts.StorageFailed(METADATA_PARTITION, str(problem)))]
        if self.voter.is_leader:
            effects += [Observe(fact) for fact in self.voter.resign(now)]
        return effects

    # --- decisions ---

    def _state(self) -> ControllerState:
        assert self.latest is not None, "only the active controller decides"
        end = self.voter.log.log_end_offset
        return ControllerState(self.latest, self.config, self.heartbeats, end, self.voter.epoch)

    def _commit(
        self,
        records: tuple[MetadataRecord, ...],
        told: list[facts.Fact],
        now: Millis,
        envelope: Envelope | None = None,
        response: Response | None = None,
    ) -> list[Effect]:
        """Append what was decided. It is told and answered once it is committed, and so is everything before it."""
        assert self.latest is not None, "only the active controller writes"
        effects: list[Effect] = []
        if records:
            batch = build_batch([(now, None, encode(record), ()) for record in records])
            effects += [Observe(fact) for fact in self.voter.append(batch)]
            for record in records:
                self.latest.replay(record)
            self.latest.next_offset = self.voter.log.log_end_offset
        else:
            effects += [Observe(fact) for fact in told]
        self.pending.append(Pending(self.voter.log.log_end_offset, told if records else [], envelope, response))
        return effects

    # --- after every call ---

    def _settle(self, effects: list[Effect], now: Millis) -> list[Effect]:
        """Bring everything in line with what the quorum is now, and ask what it wants to know."""
        state = (self.voter.state, self.voter.epoch)
        if state != self._last_state:
            self._last_state = state
            self.peers.give_up()
        if self.active_epoch not in (NO_EPOCH, self.voter.epoch) or (self.is_active and not self.voter.is_leader):
            effects += self._step_down()
        effects += self._replay_committed() + self._maybe_snapshot(now)
        if self.voter.is_leader and not self.is_active:
            effects += self._become_active(now)
        effects += self.serving.answer_waiting(now)
        effects += self._answer_committed()
        for peer, request in self.voter.requests(now):
            effects += self.peers.send(peer, request, now)
        return effects + self._arm(now)

    def _step_down(self) -> list[Effect]:
        """Another one leads, or nobody: what is not committed may never be."""
        waiting, self.pending = self.pending, []
        self.latest, self.active_epoch = None, NO_EPOCH
        refused = self._not_active()
        return [Send(one.envelope.reply(refused)) for one in waiting if one.envelope is not None]

    def _become_active(self, now: Millis) -> list[Effect]:
        leadership = self.voter.leadership
        assert leadership is not None, "a leader has a leadership"
        if self.image.next_offset <= leadership.epoch_start_offset:
            return []
        assert self.image.next_offset == self.voter.log.log_end_offset, "only the active controller appends"
        self.latest, self.active_epoch = deepcopy(self.image), self.voter.epoch
        self.heartbeats.begin(self.image.unfenced_brokers(), now)
        told = Observe(facts.QuorumLeaderElected(self.active_epoch))
        return [told, *periodic.timers(self._state(), now, self.active_epoch)]

    def _answer_committed(self) -> list[Effect]:
        effects: list[Effect] = []
        while self.pending and self.pending[0].end_offset <= self.image.next_offset:
            done = self.pending.pop(0)
            if done.envelope is not None and done.response is not None:
                effects.append(Send(done.envelope.reply(done.response)))
        return effects

    def _arm(self, now: Millis) -> list[Effect]:
        """One timer, for whatever is due first."""
        due = min((one for one in (self.voter.next_due_ms(now), self.peers.next_due_ms(now)) if one), default=None)
        if due is None or (self._armed_ms is not None and self._armed_ms <= due):
            return []
        self._armed_ms = due
        return [SetTimer(Timer(QUORUM, due), max(due - now, 1))]

    # --- the committed log ---

    def _replay_committed(self) -> list[Effect]:
        effects: list[Effect] = []
        mark = self.voter.log.high_watermark
        if mark <= self.image.next_offset:
            return effects
        if self.image.next_offset < self.voter.log.log.log_start_offset:
            self.image = self.voter.log.load_snapshot()
        for batch in self.voter.log.log.batches(self.image.next_offset):
            if batch.next_offset > mark:
                break
            effects += self._replay(batch)
        if not self.voter.is_leader:
            effects.append(Observe(facts.MetadataReplayed(self.image.next_offset)))
        return effects

    def _replay(self, batch: RecordBatch) -> list[Effect]:
        """Apply a committed batch to the image; the leader says what was decided, and what it changed."""
        effects: list[Effect] = []
        for own in self.pending:
            if own.end_offset == batch.next_offset:
                effects += [Observe(fact, batch.base_offset) for fact in own.told]
        for packed in batch.records() if not batch.is_control else ():
            assert packed.value is not None, "a metadata record has a value"
            record = decode(packed.value)
            told = changes.facts_of(record, self.image, packed.offset) if self.voter.is_leader else []
            self.image.replay(record)
            effects += [Observe(fact, packed.offset) for fact in told]
        self.image.next_offset = batch.next_offset
        self._bytes_since_snapshot += len(batch.data)
        return effects

    def _maybe_snapshot(self, now: Millis) -> list[Effect]:
        config, self._snapshot_ms = self.config, now if self._snapshot_ms < 0 else self._snapshot_ms
        most_bytes = config.metadata_log_max_record_bytes_between_snapshots
        waited_ms, most_ms = now - self._snapshot_ms, config.metadata_log_max_snapshot_interval_ms
        if not snapshot.is_due(self._bytes_since_snapshot, waited_ms, most_bytes, most_ms):
            return []
        self._bytes_since_snapshot, self._snapshot_ms = 0, now
        try:
            return [Observe(fact) for fact in self.voter.log.take_snapshot(self.image)]
        except StorageError as problem:
            # The log still has everything, so a controller goes on without (`SnapshotGenerator`: no fatal fault).
            return [Observe(facts.StorageFailed(METADATA_PARTITION, str(problem)))]
