"""Facts stated by controllers about their quorum: who stands, who votes, whose log is ahead."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from minikafka.types import Epoch, Offset


class QuorumStateChanged(NamedTuple):
    """This controller is now something else in the quorum."""

    state: str
    """`unattached`, `prospective`, `candidate`, `leader`, `follower`, `resigned`."""
    epoch: Epoch
    leader: int
    """Number of the controller it follows; -1: it knows of none."""


class VoteAnswered(NamedTuple):
    """This controller was asked for its vote, and has answered."""

    candidate: int
    epoch: Epoch
    granted: bool
    pre_vote: bool
    """A pre-vote asks "would you?" and raises no epoch."""


class VoterProgress(NamedTuple):
    """The leader of the quorum learns how far a voter has copied the metadata log."""

    voter: int
    log_end_offset: Offset


class SnapshotTaken(NamedTuple):
    """The metadata below `end_offset` is summed up in one file; the log before it may go."""

    end_offset: Offset
    epoch: Epoch


class SnapshotLoaded(NamedTuple):
    """This node was too far behind for the log, and has taken a snapshot instead."""

    end_offset: Offset
    epoch: Epoch


QuorumFact: TypeAlias = QuorumStateChanged | VoteAnswered | VoterProgress | SnapshotTaken | SnapshotLoaded
