"""A voter at work: what it answers, what it makes of answers, and what it wants to ask next.

It never sends. Whoever drives it hands requests and answers in, lets time pass with `tick`, and asks for `requests`:
in each state a voter wants something of the others, again and again until it has it.

```
 PROSPECTIVE, CANDIDATE   Vote                to every voter that has not answered
 LEADER                   BeginQuorumEpoch    to every voter that does not fetch
 FOLLOWER                 Fetch               to the leader, without end
 RESIGNED                 EndQuorumEpoch      to every voter that has not confirmed
```

* The higher epoch wins, whatever message it comes in.
* A follower flushes what it has copied before it asks for more: its fetch says what it holds (D4).
* A follower cuts its log where the leader's answer says that the two part, and never below what is committed.
* One majority elects, another one fetches: they share a voter, and it gives one vote in an epoch.

Mirrors `KafkaRaftClient`. What we leave out: looking for the leader by fetching from any voter (leaders make themselves
known within a second), appending in batches after `controller.quorum.append.linger.ms`.
"""

from __future__ import annotations

from collections.abc import Callable

from minikafka.config import ServerConfig
from minikafka.controller import quorum
from minikafka.controller.quorum import LogEnd, QuorumState, Standing, State
from minikafka.controller.quorum_leader import Leadership
from minikafka.controller.quorum_log import QuorumLog
from minikafka.disk import Disk
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import FetchPartitionResult, FetchRequest, Request
from minikafka.protocol.quorum_messages import (
    BeginQuorumEpochRequest,
    BeginQuorumEpochResponse,
    EndQuorumEpochRequest,
    EndQuorumEpochResponse,
    FetchSnapshotRequest,
    FetchSnapshotResponse,
    VoteRequest,
    VoteResponse,
)
from minikafka.protocol.records import RecordBatch, build_batch
from minikafka.types import NO_LEADER, Epoch, Millis

_LEADER_CHANGE_KEY = b"\x00\x00\x00\x02"
"""Control record of version 0, type 2 (LEADER_CHANGE)."""
BACKOFF_STEP_MS: Millis = quorum.BACKOFF_BASE_MS
"""How much later each next successor of a leader that resigns stands."""


class Voter:
    """One controller's part in the quorum."""

    def __init__(
        self, local_id: int, voters: tuple[int, ...], config: ServerConfig, disk: Disk, draw: Callable[[], float]
    ) -> None:
        """`voters` are all replica ids, with this one; `draw` gives the next random number in [0, 1)."""
        assert local_id in voters, f"{local_id} is none of the voters {voters}"
        self.local_id = local_id
        self.others = tuple(voter for voter in voters if voter != local_id)
        self.config = config
        self.quorum = QuorumState(disk, local_id)
        self.log = QuorumLog(disk, config.replica_fetch_max_bytes)
        self.leadership: Leadership | None = None
        self.granted: set[int] = set()
        """Who has given this candidate its vote, or would."""
        self.refused: set[int] = set()
        self.has_fetched = False
        """As a follower: has the leader answered well?"""
        self.election_due_ms: Millis = 0
        """When a state without a leader ends."""
        self.fetch_due_ms: Millis = 0
        """When a follower gives its leader up."""
        self.resting = False
        """A candidate that has lost waits before it asks again."""
        self._lost = 0
        self._unconfirmed: set[int] = set()
        """Voters that have not yet confirmed our farewell."""
        self._successors: tuple[int, ...] = ()
        self._draw = draw

    # --- the present state ---

    @property
    def epoch(self) -> Epoch:
        """The quorum epoch."""
        return self.quorum.epoch

    @property
    def state(self) -> State:
        """What this voter is."""
        return self.quorum.state

    @property
    def is_leader(self) -> bool:
        """Does it lead the quorum, as far as it knows?"""
        return self.quorum.state is State.LEADER

    @property
    def leader_hint(self) -> int:
        """Whom to send others to; -1: nobody known. A leader that has resigned does not name itself."""
        return NO_LEADER if self.state is State.RESIGNED else self.quorum.leader

    @property
    def is_saying_goodbye(self) -> bool:
        """Has it resigned, and not every voter confirmed it?"""
        return self.state is State.RESIGNED and bool(self._unconfirmed)

    def _standing(self) -> Standing:
        return Standing(
            self.state, self.quorum.leader, self.quorum.voted_for, self.has_fetched, LogEnd(*self.log.end())
        )

    # --- time ---

    def start(self, now: Millis) -> list[facts.Fact]:
        """The process starts with what the disk holds."""
        self._enter(now)
        if self.others:
            leader = quorum.controller_number(self.quorum.leader)
            return [facts.QuorumStateChanged(self.state.value, self.epoch, leader)]
        # A single voter has nobody to wait for (`KafkaRaftClient.initialize`), and nothing to tell of it.
        told = self._stand(now) if self.state is not State.CANDIDATE else self._count_votes(now)
        return [fact for fact in told if type(fact) is not facts.QuorumStateChanged]

    def tick(self, now: Millis) -> list[facts.Fact]:
        """Do what time demands."""
        match self.state:
            case State.LEADER:
                return self._check_quorum(now)
            case State.FOLLOWER:
                return self._stand(now) if now >= self.fetch_due_ms else []
        if now < self.election_due_ms:
            return []
        match self.state:
            case State.UNATTACHED:
                return self._stand(now)
            case State.PROSPECTIVE:
                return self._pre_vote_lost(now)
            case State.CANDIDATE:
                return self._stand(now) if self.resting else self._rest(now)
        assert self.state is State.RESIGNED, f"nothing waits in state {self.state}"
        return self._entered(self.quorum.become_unattached(self.epoch + 1), now)

    def next_due_ms(self, now: Millis) -> Millis | None:
        """When `tick`, or a look at `requests`, will have something to do; None: nothing to wait for."""
        if self.state is State.FOLLOWER:
            return self.fetch_due_ms
        if self.leadership is None:
            return self.election_due_ms
        due = (
            self.leadership.majority_due_ms(quorum.check_quorum_timeout_ms(self._fetch_timeout_ms)),
            self.leadership.telling_due_ms(now, self._begin_interval_ms),
        )
        return min((one for one in due if one is not None), default=None)

    @property
    def _fetch_timeout_ms(self) -> Millis:
        return self.config.controller_quorum_fetch_timeout_ms

    @property
    def _begin_interval_ms(self) -> Millis:
        return self._fetch_timeout_ms // 2

    def _new_election_timeout(self, now: Millis) -> None:
        least = self.config.controller_quorum_election_timeout_ms
        self.election_due_ms = now + quorum.election_timeout_ms(self._draw(), least)

    # --- elections: standing ---

    def _entered(self, told: list[facts.Fact], now: Millis) -> list[facts.Fact]:
        """A state has been entered: begin to count anew."""
        self._enter(now)
        return told

    def _enter(self, now: Millis) -> None:
        self.granted, self.refused = {self.local_id}, set()
        self.has_fetched = self.resting = False
        if self.state is not State.LEADER:
            self.leadership = None
        if self.state is State.RESIGNED:
            self._unconfirmed = set(self.others)
        if self.state is State.FOLLOWER:
            self._lost = 0
            self.fetch_due_ms = now + self._fetch_timeout_ms
        else:
            self._new_election_timeout(now)

    def _stand(self, now: Millis) -> list[facts.Fact]:
        told = self._entered(self.quorum.become_prospective(), now)
        return told + self._count_votes(now)

    def _count_votes(self, now: Millis) -> list[facts.Fact]:
        """Has a majority spoken?"""
        voters = 1 + len(self.others)
        if len(self.granted) >= quorum.majority(voters):
            if self.state is State.CANDIDATE:
                return self._lead(now)
            told = self._entered(self.quorum.become_candidate(), now)
            return told + self._count_votes(now)
        if len(self.refused) > voters - quorum.majority(voters):
            return self._pre_vote_lost(now) if self.state is State.PROSPECTIVE else self._rest(now)
        return []

    def _pre_vote_lost(self, now: Millis) -> list[facts.Fact]:
        """Most would not, or have not said: back to the leader we know, or wait for one."""
        if self.quorum.knows_leader and self.quorum.leader != self.local_id:
            return self._entered(self.quorum.become_follower(self.epoch, self.quorum.leader), now)
        return self._entered(self.quorum.become_unattached(self.epoch), now)

    def _rest(self, now: Millis) -> list[facts.Fact]:
        """The vote is split or refused: wait at random, so that not all who lost stand again together."""
        if self.resting:
            return []
        self.resting = True
        self._lost += 1
        most_ms = self.config.controller_quorum_election_backoff_max_ms
        self.election_due_ms = now + quorum.election_backoff_ms(self._draw(), self._lost, most_ms)
        return []

    def _lead(self, now: Millis) -> list[facts.Fact]:
        told = self._entered(self.quorum.become_leader(), now)
        self._lost = 0
        self.leadership = Leadership(self.epoch, self.others, self.log.log_end_offset, now)
        return told + self.append(build_batch([(now, _LEADER_CHANGE_KEY, b"", ())], control=True))

    # --- elections: voting ---

    def vote(self, request: VoteRequest, now: Millis) -> tuple[VoteResponse, list[facts.Fact]]:
        """Somebody asks for this voter's vote."""
        if request.epoch < self.epoch:
            return self._vote_answer(ErrorCode.FENCED_LEADER_EPOCH, granted=False), []
        told = self._notice(request.epoch, NO_LEADER, now)
        granted = quorum.grant_vote(self._standing(), request)
        if granted and not request.pre_vote and self.quorum.voted_for == NO_LEADER:
            told += self.quorum.vote_for(request.candidate)
            self._new_election_timeout(now)
        candidate = quorum.controller_number(request.candidate)
        told.append(facts.VoteAnswered(candidate, request.epoch, granted, request.pre_vote))
        return self._vote_answer(ErrorCode.NONE, granted), told

    def _vote_answer(self, error: ErrorCode, granted: bool) -> VoteResponse:
        return VoteResponse(error, self.epoch, self.quorum.leader, granted)

    def take_vote(self, voter: int, asked: VoteRequest, answer: VoteResponse, now: Millis) -> list[facts.Fact]:
        """A voter has answered."""
        told = self._notice(answer.epoch, answer.leader, now)
        stands = State.PROSPECTIVE if asked.pre_vote else State.CANDIDATE
        if told or self.state is not stands or asked.epoch != self.epoch or answer.error != ErrorCode.NONE:
            return told
        (self.granted if answer.granted else self.refused).add(voter)
        return self._count_votes(now)

    def _notice(self, epoch: Epoch, leader: int, now: Millis) -> list[facts.Fact]:
        """Somebody speaks of an epoch and its leader: follow, or at least do not stay behind (`maybeTransition`)."""
        if leader == self.local_id or epoch < self.epoch:
            return []
        if leader != NO_LEADER and (epoch > self.epoch or not self.quorum.knows_leader):
            return self._entered(self.quorum.become_follower(epoch, leader), now)
        if epoch > self.epoch:
            return self._entered(self.quorum.become_unattached(epoch), now)
        return []

    # --- the beginning and the end of a leader's epoch ---

    def begin_epoch(
        self, request: BeginQuorumEpochRequest, now: Millis
    ) -> tuple[BeginQuorumEpochResponse, list[facts.Fact]]:
        """Somebody leads."""
        if request.epoch < self.epoch:
            return BeginQuorumEpochResponse(ErrorCode.FENCED_LEADER_EPOCH, self.epoch, self.leader_hint), []
        told = self._notice(request.epoch, request.leader, now)
        if self.state is State.PROSPECTIVE and self.quorum.leader == request.leader:
            told += self._entered(self.quorum.become_follower(request.epoch, request.leader), now)
        return BeginQuorumEpochResponse(ErrorCode.NONE, self.epoch, self.quorum.leader), told

    def take_begin(
        self, voter: int, asked: BeginQuorumEpochRequest, answer: BeginQuorumEpochResponse, now: Millis
    ) -> list[facts.Fact]:
        """A voter knows now who leads."""
        told = self._notice(answer.epoch, answer.leader, now)
        if self.leadership is not None and asked.epoch == self.leadership.epoch:
            self.leadership.voters[voter].last_told_ms = now
        return told

    def end_epoch(self, request: EndQuorumEpochRequest, now: Millis) -> tuple[EndQuorumEpochResponse, list[facts.Fact]]:
        """The leader resigns. Who is named first stands at once, the others a little later."""
        if request.epoch < self.epoch:
            return EndQuorumEpochResponse(ErrorCode.FENCED_LEADER_EPOCH, self.epoch, self.leader_hint), []
        told = self._notice(request.epoch, request.leader, now)
        if self.state is State.FOLLOWER and self.quorum.leader == request.leader:
            place = request.successors.index(self.local_id) if self.local_id in request.successors else -1
            least = self.config.controller_quorum_election_timeout_ms
            wait = quorum.election_timeout_ms(self._draw(), least) if place < 0 else place * BACKOFF_STEP_MS
            self.fetch_due_ms = min(self.fetch_due_ms, now + wait)
        return EndQuorumEpochResponse(ErrorCode.NONE, self.epoch, self.quorum.leader), told

    def take_end(self, voter: int, answer: EndQuorumEpochResponse, now: Millis) -> list[facts.Fact]:
        """A voter knows now that we have resigned."""
        self._unconfirmed.discard(voter)
        return self._notice(answer.epoch, answer.leader, now)

    def resign(self, now: Millis) -> list[facts.Fact]:
        """Lead no longer, and say so to everybody."""
        assert self.leadership is not None, "only a leader resigns"
        self._successors = self.leadership.successors()
        return self._entered(self.quorum.become_resigned(), now)

    def _check_quorum(self, now: Millis) -> list[facts.Fact]:
        assert self.leadership is not None, "a leader has a leadership"
        if self.leadership.has_majority(now, quorum.check_quorum_timeout_ms(self._fetch_timeout_ms)):
            return []
        return self.resign(now)

    # --- leading ---

    def append(self, batch: RecordBatch) -> list[facts.Fact]:
        """Write as leader, flush, and count what is committed now. Raises `StorageError`, changing nothing."""
        assert self.leadership is not None, "only the leader of the quorum appends"
        told = self.log.append(batch, self.epoch)
        return told + self._count_copies()

    def _count_copies(self) -> list[facts.Fact]:
        assert self.leadership is not None, "only a leader counts"
        mark = self.leadership.high_watermark(self.log.high_watermark, self.log.log_end_offset)
        return self.log.commit(mark, as_leader=True)

    def refusal(self, request_epoch: Epoch) -> ErrorCode:
        """Why a fetch cannot be answered here, NONE if it can (`validateLeaderOnlyRequest`)."""
        if 0 <= request_epoch < self.epoch:
            return ErrorCode.FENCED_LEADER_EPOCH
        if request_epoch > self.epoch:
            return ErrorCode.UNKNOWN_LEADER_EPOCH
        return ErrorCode.NONE if self.is_leader else ErrorCode.NOT_LEADER_OR_FOLLOWER

    def record_fetch(self, request: FetchRequest, now: Millis) -> list[facts.Fact]:
        """A replica whose log agrees with ours asks: it holds everything below what it asks for."""
        if self.leadership is None or request.replica_id < 0:
            return []
        asked = request.partitions[0]
        told = self.leadership.record_fetch(request.replica_id, asked.fetch_offset, self.log.log_end_offset, now)
        return told + self._count_copies()

    # --- following ---

    def take_fetch(self, asked: FetchRequest, answer: FetchPartitionResult, now: Millis) -> list[facts.Fact]:
        """The leader has answered: copy, cut, or begin with a snapshot."""
        told = self._notice(answer.current_leader_epoch, answer.current_leader, now)
        stale = asked.partitions[0].current_leader_epoch != self.epoch or self.state is not State.FOLLOWER
        if told or stale or answer.error != ErrorCode.NONE:
            return told
        told += self.log.take(answer)
        self._heard_leader(now)
        return told

    def take_snapshot_piece(
        self, asked: FetchSnapshotRequest, answer: FetchSnapshotResponse, now: Millis
    ) -> list[facts.Fact]:
        """The leader has sent a piece of its snapshot."""
        told = self._notice(answer.epoch, answer.leader, now)
        stale = asked.current_leader_epoch != self.epoch or self.state is not State.FOLLOWER
        if told or stale:
            return told
        if answer.error == ErrorCode.NONE:
            self._heard_leader(now)
        return self.log.take_piece(asked, answer)

    def _heard_leader(self, now: Millis) -> None:
        self.has_fetched = True
        self.fetch_due_ms = now + self._fetch_timeout_ms

    # --- what it wants of the others ---

    def requests(self, now: Millis) -> list[tuple[int, Request]]:
        """What to ask whom, unless it is being asked already."""
        match self.state:
            case State.PROSPECTIVE | State.CANDIDATE if not self.resting:
                request = self._vote_request()
                heard = self.granted | self.refused
                return [(voter, request) for voter in self.others if voter not in heard]
            case State.LEADER:
                assert self.leadership is not None, "a leader has a leadership"
                untold = self.leadership.to_be_told(now, self._begin_interval_ms)
                return [(voter, BeginQuorumEpochRequest(self.local_id, self.epoch)) for voter in untold]
            case State.FOLLOWER:
                return [(self.quorum.leader, self._fetch_request())]
            case State.RESIGNED:
                end = EndQuorumEpochRequest(self.local_id, self.epoch, self._successors)
                return [(voter, end) for voter in self.others if voter in self._unconfirmed]
        return []

    def _vote_request(self) -> VoteRequest:
        epoch, offset = self.log.end()
        return VoteRequest(self.local_id, self.epoch, epoch, offset, pre_vote=self.state is State.PROSPECTIVE)

    def _fetch_request(self) -> Request:
        piece = self.log.next_piece(self.local_id, self.epoch)
        if piece is not None:
            return piece
        asked = self.log.what_to_ask(self.epoch, self.config.replica_fetch_max_bytes)
        wait_ms = self.config.replica_fetch_wait_max_ms
        return FetchRequest(self.local_id, (asked,), max_wait_ms=wait_ms, cluster_voter=True)
