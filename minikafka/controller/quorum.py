"""The controllers' election: who may write into their log, decided by a majority of them.

Controllers are voters of a Raft quorum whose log is `__cluster_metadata`; its leader is the *active controller*. Each
voter is in one state, in one epoch:

```
                     no leader heard of           a majority would vote        a majority has voted
 UNATTACHED/FOLLOWER ──────────────▶ PROSPECTIVE ──────────────▶ CANDIDATE ──────────────▶ LEADER ──▶ RESIGNED
          ▲                          "would you?"                epoch + 1, "do!"             │
          └──────────────────────────── somebody has a higher epoch, or leads ◀───────────────┘
```

A record counts when a majority of voters has it on disk, and the leader counts only once a record of its own epoch
does:

```
voters' log ends   7  7  5     → sorted down, the middle one: 7 is on a majority
```

Compare `advance_high_watermark` in `broker/partition.py`: there *all* of the ISR must have a record, and the ISR can
shrink; here a majority is enough, and the voters are fixed. Two commit rules, one log (D2).

* Epoch and vote are on disk before they count (D4): the epoch only rises, and nobody votes twice in one, also across
  restarts.
* A vote goes only to a log that is not behind one's own: so a leader has everything that is committed (Raft 5.4.1).

Functions here decide. `QuorumState` remembers; the talking is done in `quorum_voter.py`. Mirrors `QuorumState` and
`LeaderState`. What we leave out: voters that join and leave (KIP-853), directory ids.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import NamedTuple

from minikafka.disk import Disk, StorageError
from minikafka.protocol import facts
from minikafka.protocol.quorum_messages import VoteRequest
from minikafka.types import CONTROLLER_ID_BASE, NO_LEADER, Epoch, Millis, Offset

STATE_PATH = "quorum-state"
BACKOFF_BASE_MS: Millis = 100
"""`RaftUtil.binaryExponentialElectionBackoffMs` doubles from here."""


class State(Enum):
    """What a voter is in the present epoch."""

    UNATTACHED = "unattached"
    PROSPECTIVE = "prospective"
    CANDIDATE = "candidate"
    LEADER = "leader"
    FOLLOWER = "follower"
    RESIGNED = "resigned"


U, P, C, L, F, R = State

VALID_PREVIOUS_STATES: dict[State, dict[State, str]] = {
    U: {
        U: "somebody has a higher epoch, or gets my vote",
        P: "most would not vote for me, and I know of no leader; or somebody has a higher epoch",
        C: "somebody has a higher epoch",
        L: "somebody has a higher epoch",
        F: "somebody has a higher epoch, and I know of no leader in it",
        R: "nobody has taken over within the election timeout: epoch + 1",
    },
    P: {
        U: "the election timeout has passed",
        F: "no good fetch within the fetch timeout, or the leader has said goodbye",
        C: "the election timeout has passed without a majority, or a majority has refused",
        R: "it is the only voter, and has just started",
    },
    C: {P: "a majority would vote for me: epoch + 1, my own vote is written down"},
    L: {C: "a majority has voted for me"},
    F: {
        U: "a leader has made itself known",
        P: "a leader has made itself known, or most would not vote for me and my leader is still there",
        C: "a leader has made itself known",
        F: "a leader with a higher epoch has made itself known",
        L: "a leader with a higher epoch has made itself known",
        R: "a leader with a higher epoch has made itself known",
    },
    R: {L: "I stop in order, or a majority does not fetch from me any more"},
}
"""From which states each state is reached, and by what. `KafkaRaftClient`, its comment on state transitions."""


class LogEnd(NamedTuple):
    """How far a log goes. Compared by epoch first: a longer log of an older epoch is behind (Raft 5.4.1)."""

    epoch: Epoch
    offset: Offset


class Standing(NamedTuple):
    """What a voter looks at when it is asked for its vote."""

    state: State
    leader: int
    """Whom it knows to lead this epoch; -1: nobody."""
    voted_for: int
    """To whom its vote of this epoch went; -1: to nobody."""
    has_fetched: bool
    """As a follower: has the leader answered a fetch of ours well?"""
    log_end: LogEnd


# --- decisions ---


def grant_vote(me: Standing, candidate: VoteRequest) -> bool:
    """Does this voter, which is in the candidate's epoch, give it what it asks for?

    `EpochState.canGrantVote`, pre-votes: KIP-996.
    """
    if LogEnd(candidate.last_epoch, candidate.end_offset) < me.log_end:
        return False
    if candidate.pre_vote:
        # KIP-996: who hears its leader well does not help to depose it.
        return me.state is not State.LEADER and not (me.state is State.FOLLOWER and me.has_fetched)
    if me.leader != NO_LEADER:
        return False
    return me.voted_for in (NO_LEADER, candidate.candidate)


def majority(voters: int) -> int:
    """How many of so many voters are more than half."""
    return voters // 2 + 1


def majority_high_watermark(current: Offset, voter_ends: tuple[Offset, ...], epoch_start: Offset) -> Offset:
    """What a majority of voters has, once that reaches into the leader's own epoch; else `current`.

    Raft section 5.4.2 ("figure 8"), `LeaderState.maybeUpdateHighWatermark`.
    """
    on_majority = sorted(voter_ends, reverse=True)[len(voter_ends) // 2]
    return max(current, on_majority) if on_majority > epoch_start else current


def election_timeout_ms(drawn: float, least_ms: Millis) -> Millis:
    """Between the setting and twice the setting; `drawn` is in [0, 1). Who draws low stands first, and mostly alone."""
    return least_ms + int(drawn * least_ms)


def election_backoff_ms(drawn: float, lost: int, most_ms: Millis) -> Millis:
    """How long a candidate that has lost so many elections in a row rests before it asks again."""
    return min(int(drawn * BACKOFF_BASE_MS * (1 << min(lost, 10))), most_ms)


def check_quorum_timeout_ms(fetch_timeout_ms: Millis) -> Millis:
    """How long a leader goes on without a majority that fetches (`LeaderState.CHECK_QUORUM_TIMEOUT_FACTOR`)."""
    return fetch_timeout_ms * 3 // 2


def check_quorum(last_fetches_ms: tuple[Millis, ...], now: Millis, timeout_ms: Millis) -> bool:
    """Has a majority, with the leader itself, fetched within the timeout? `last_fetches_ms`: of the other voters."""
    recent = sum(now - fetched < timeout_ms for fetched in last_fetches_ms)
    return 1 + recent >= majority(1 + len(last_fetches_ms))


def next_leader_candidates(follower_ends: dict[int, Offset]) -> tuple[int, ...]:
    """In which order followers should stand when their leader stops: the most advanced first."""
    return tuple(sorted(follower_ends, key=lambda voter: (-follower_ends[voter], voter)))


# --- memory ---


class QuorumState:
    """State, epoch, vote and known leader of one voter; epoch and vote as they are on disk."""

    def __init__(self, disk: Disk, local_id: int) -> None:
        """Read what was written; a voter that led or stood when it stopped does not go on with it."""
        self.disk = disk
        self.local_id = local_id
        self.epoch: Epoch = 0
        self.leader: int = NO_LEADER
        self.voted_for: int = NO_LEADER
        self.state = State.UNATTACHED
        content = disk.read(STATE_PATH, 0, disk.size(STATE_PATH))
        if content:
            self._recover(json.loads(content))

    def _recover(self, stored: dict[str, int]) -> None:
        self.epoch, self.leader = stored["leaderEpoch"], stored["leaderId"]
        self.voted_for = stored["votedId"]
        if self.leader == self.local_id:
            # What it had promised its followers is forgotten: it must not lead this epoch again.
            self.state = State.RESIGNED
        elif self.leader != NO_LEADER:
            self.state = State.FOLLOWER
        elif self.voted_for == self.local_id:
            self.state = State.CANDIDATE

    @property
    def knows_leader(self) -> bool:
        """Does it know who leads this epoch?"""
        return self.leader != NO_LEADER

    def become_unattached(self, epoch: Epoch) -> list[facts.Fact]:
        """A higher epoch without a leader, or this one given up."""
        if epoch > self.epoch:
            return self._move(State.UNATTACHED, epoch, NO_LEADER, NO_LEADER)
        return self._move(State.UNATTACHED, epoch, NO_LEADER, self.voted_for)

    def vote_for(self, candidate: int) -> list[facts.Fact]:
        """Give this epoch's vote away: on disk when this returns."""
        assert self.voted_for in (NO_LEADER, candidate), f"the vote of epoch {self.epoch} went to {self.voted_for}"
        assert not self.knows_leader, "who knows the leader of an epoch has no vote to give in it"
        self._store(self.epoch, NO_LEADER, candidate)
        return []

    def become_prospective(self) -> list[facts.Fact]:
        """Ask who would vote. The epoch stays, and so do the vote and the known leader."""
        return self._move(State.PROSPECTIVE, self.epoch, self.leader, self.voted_for)

    def become_candidate(self) -> list[facts.Fact]:
        """A new epoch, and one's own vote in it, on disk before anybody is asked."""
        return self._move(State.CANDIDATE, self.epoch + 1, NO_LEADER, self.local_id)

    def become_leader(self) -> list[facts.Fact]:
        """A majority has voted."""
        return self._move(State.LEADER, self.epoch, self.local_id, self.voted_for)

    def become_follower(self, epoch: Epoch, leader: int) -> list[facts.Fact]:
        """Somebody else leads this epoch or a later one."""
        assert leader not in (NO_LEADER, self.local_id), f"nobody follows {leader}"
        assert epoch > self.epoch or self.leader in (NO_LEADER, leader), f"two leaders in quorum epoch {epoch}"
        return self._move(State.FOLLOWER, epoch, leader, self.voted_for if epoch == self.epoch else NO_LEADER)

    def become_resigned(self) -> list[facts.Fact]:
        """Lead no longer. Nobody else can lead this epoch, so it stays known as ours."""
        return self._move(State.RESIGNED, self.epoch, self.leader, self.voted_for)

    def _move(self, state: State, epoch: Epoch, leader: int, voted_for: int) -> list[facts.Fact]:
        assert epoch >= self.epoch, f"the quorum epoch would fall from {self.epoch} to {epoch}"
        assert self.state in VALID_PREVIOUS_STATES[state], f"no way from {self.state.value} to {state.value}"
        if (epoch, leader, voted_for) != (self.epoch, self.leader, self.voted_for):
            self._store(epoch, leader, voted_for)
        self.state = state
        return [facts.QuorumStateChanged(state.value, epoch, controller_number(leader))]

    def _store(self, epoch: Epoch, leader: int, voted_for: int) -> None:
        """On disk first, then in memory (D4). Raises `StorageError`, changing nothing."""
        stored = {"leaderId": leader, "leaderEpoch": epoch, "votedId": voted_for, "data_version": 1}
        content = json.dumps(stored).encode()
        self.disk.replace(STATE_PATH, content)
        if self.disk.read(STATE_PATH, 0, self.disk.size(STATE_PATH)) != content:
            raise StorageError(f"{STATE_PATH} could not be written")
        self.epoch, self.leader, self.voted_for = epoch, leader, voted_for


def controller_number(replica_id: int) -> int:
    """The number of a controller in facts and names: 3002 → 2; -1 stays -1."""
    return replica_id - CONTROLLER_ID_BASE if replica_id != NO_LEADER else NO_LEADER
