"""Faults among the controllers: votes that are forgotten, majorities that are none, records that count too soon."""

# ruff: noqa: ARG001  # a mutant takes what the function it replaces takes, and mostly looks at less

from __future__ import annotations

from dataclasses import replace

from minikafka.controller import quorum
from minikafka.controller.controller import Controller
from minikafka.controller.quorum import LogEnd, QuorumState, Standing, State
from minikafka.controller.quorum_log import QuorumLog
from minikafka.effects import Effect, Send
from minikafka.log.leader_epochs import EpochEnd
from minikafka.metadata import snapshot
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import ConfigRecord, MetadataRecord
from minikafka.protocol import facts
from minikafka.protocol.quorum_messages import VoteRequest
from minikafka.protocol.records import RecordBatch
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.profiles import ELECTIONS, QUICK
from minikafka.sim.schedule import Setup, schedule
from minikafka.types import NO_LEADER, Epoch, Offset

_grant_vote, _records_of = quorum.grant_vote, snapshot.records_of


def remember_the_vote(self: QuorumState, candidate: int) -> list[facts.Fact]:
    """A vote is given in memory; the disk can follow."""
    self.voted_for = candidate
    return []


def vote_for_everybody(me: Standing, candidate: VoteRequest) -> bool:
    """Whoever is not behind may lead; that others were told so too does not matter."""
    return _grant_vote(me if me.leader != NO_LEADER else me._replace(voted_for=NO_LEADER), candidate)


def vote_without_looking(me: Standing, candidate: VoteRequest) -> bool:
    """An election is about the leader, not about its log."""
    return _grant_vote(me._replace(log_end=LogEnd(0, 0)), candidate)


def half_elects(voters: int) -> int:
    """Half of the voters are enough."""
    return max(voters // 2, 1)


def half_commits(current: Offset, voter_ends: tuple[Offset, ...], epoch_start: Offset) -> Offset:
    """Two of five, or the leader of three alone, are enough."""
    on_half = sorted(voter_ends, reverse=True)[len(voter_ends) // 2 - 1]
    return max(current, on_half) if on_half > epoch_start else current


def count_any_epoch(current: Offset, voter_ends: tuple[Offset, ...], epoch_start: Offset) -> Offset:
    """What a majority has is committed, whoever wrote it (Raft figure 8)."""
    return max(current, sorted(voter_ends, reverse=True)[len(voter_ends) // 2])


def ask_in_a_new_epoch(self: QuorumState) -> list[facts.Fact]:
    """Whoever asks for votes does so in an epoch of its own."""
    return self._move(State.PROSPECTIVE, self.epoch + 1, NO_LEADER, NO_LEADER)


def answer_before_commit(self: Controller) -> list[Effect]:
    """What the leader has on disk will be committed sooner or later."""
    waiting, self.pending = self.pending, [one for one in self.pending if one.end_offset > self.image.next_offset]
    effects: list[Effect] = []
    for one in waiting:
        if one.envelope is not None and one.response is not None:
            effects.append(Send(one.envelope.reply(one.response)))
            one.envelope = None
    return effects


def count_before_flush(self: QuorumLog, batch: RecordBatch, epoch: Epoch) -> list[facts.Fact]:
    """The page cache is as good as the disk: brokers acknowledge from it too."""
    written = self.log.append_as_leader(batch, epoch)
    start, end = written.base_offset, written.next_offset
    return [facts.RecordsAppended(self.log.partition, start, end, written.data, as_leader=True), *self.log.take_news()]


def keep_what_is_written(self: QuorumLog, answer: EpochEnd) -> list[facts.Fact]:
    """What was flushed is never taken back."""
    return []


def sum_up_without_settings(image: MetadataImage) -> list[MetadataRecord]:
    """A snapshot holds brokers, topics and partitions."""
    return [record for record in _records_of(image) if not isinstance(record, ConfigRecord)]


C1, C2, C3 = "controller-1", "controller-2", "controller-3"
THREE = Setup(settings=(*QUICK, *ELECTIONS), controllers=3, brokers=2, replicas=(1, 2), min_isr=1)
FIVE = replace(THREE, controllers=5)
CREATE = schedule((0, "administer", "create", "red"))
# Answers take long, so that there is time to lose power between a vote and the news of who has won.
VOTED_AND_BACK = schedule(
    (0, "slow", C1, C2, 150), (0, "slow", C1, C3, 150), (0, "slow", C2, C3, 150), (2_000, "crash", C1),
    (3_100, "power_loss", C2), (3_101, "restart", C2),
)  # fmt: skip
TWO_STAND = schedule((0, "slow", C1, C2, 200), (0, "crash", "controller-5"))
# Controller 2 misses red, and is the first to hear no leader when controller 3, which has it, is gone too.
BEHIND = schedule(
    (0, "cut", C2, "controllers"), (0, "administer", "create", "red"), (900, "crash", C1), (901, "crash", C3),
    (901, "heal"), (9_000, "restart", C1),
)  # fmt: skip
# White is on few controllers when its leader dies; whoever leads two epochs later copies it to a majority.
FIGURE_8 = schedule(
    (1_748, "cut", "controller-5", "controllers"), (1_755, "disconnect", C1, C3, {"late_ms": 12_000}),
    (1_769, "administer", "create", "white"), (1_773, "crash", C1), (1_803, "crash", "controller-4"),
    (1_833, "crash", C3), (1_898, "heal"), (4_863, "restart", "controller-4"),
)  # fmt: skip
# Red is on two of three, and one of the two has it in its page cache only.
UNFLUSHED = schedule(
    (0, "cut", C2, "controllers"), (0, "administer", "create", "red"), (200, "power_loss", C1), (201, "restart", C1)
)
ALONE = schedule((0, "cut", C1, "controllers"), (0, "administer", "create", "red"), (8_000, "heal"))
SETTINGS = schedule(
    *((number * 300, "administer", "set", "orders", str((number % 3 + 1) * 3_600_000)) for number in range(20))
)

MUTANTS = (
    Mutant(
        "remember_the_vote", "a vote is given in memory; the disk can follow", "I15", "and has forgotten it",
        {"minikafka.controller.quorum:QuorumState.vote_for": remember_the_vote}, (VOTED_AND_BACK,), THREE,
        story=(
            "Raft, section 5.2: currentTerm and votedFor are on stable storage before a server answers. KRaft "
            "keeps both in the file quorum-state, written beside, flushed and renamed before the vote leaves. "
            "Here a voter gives its vote, loses power, comes back within the same election with an empty memory, "
            "and may give it again to the other candidate: two leaders of one epoch are only a matter of luck."
        ),
    ),
    Mutant(
        "vote_for_everybody", "whoever is not behind may lead", "I15", "and now for controller",
        {"minikafka.controller.quorum:grant_vote": vote_for_everybody}, (TWO_STAND,), FIVE,
        story=(
            "Raft, section 5.2: a server votes for at most one candidate in a term, first come first served. "
            "Everything else rests on that: two majorities share a voter, and that voter has one vote. Two "
            "controllers that stand at the same time, with a slow link between them, get the same vote here."
        ),
    ),
    Mutant(
        "half_elects", "half of the voters are enough", "I15", "has two leaders",
        {"minikafka.controller.quorum:majority": half_elects}, (schedule((0, "crash", C3)),), replace(FIVE, seed=2),
        story=(
            "A majority is more than half. With three voters half rounded down is one, the candidate itself, and "
            "every candidate leads. Even numbers of voters tempt to this; it is why a cluster has three "
            "controllers or five."
        ),
    ),
    Mutant(
        "ask_in_a_new_epoch", "whoever asks for votes does so in an epoch of its own", "I15",
        "only asks who would vote",
        {"minikafka.controller.quorum:QuorumState.become_prospective": ask_in_a_new_epoch},
        (schedule((0, "crash", C1)),), THREE,
        story=(
            "KIP-996, in Kafka since 4.0: a controller that was cut off, or paused, came back with a higher epoch "
            "than all others and deposed a leader whom everybody else heard well. So it asks first, in the epoch "
            "as it is, whether anybody would vote for it (Raft's pre-vote, section 9.6 of the dissertation). Here "
            "it raises the epoch by asking, and the question does the damage that it was meant to avoid."
        ),
    ),
    Mutant(
        "vote_without_looking", "an election is about the leader, not about its log", "I16", "without all that is",
        {"minikafka.controller.quorum:grant_vote": vote_without_looking}, (BEHIND,), THREE,
        story=(
            "Raft, section 5.4.1: a voter refuses a candidate whose log ends in an older epoch, or earlier in the "
            "same one. Since what is committed is on a majority, one of every majority of voters has it, and "
            "refuses whoever lacks it. Without that look a controller that was away is elected, and topics that "
            "were answered to be there are cut from the logs of the others."
        ),
    ),
    Mutant(
        "half_commits", "two of five are enough", "I16", "but no majority of controllers has it",
        {"minikafka.controller.quorum:majority_high_watermark": half_commits}, (CREATE,), THREE,
        story=(
            "The metadata's high watermark is the offset that a majority of voters has reached, the leader among "
            "them: the middle of their log ends, sorted. One place further up, and two of five are enough; three "
            "others, who never saw the record, can elect one of themselves."
        ),
    ),
    Mutant(
        "count_any_epoch", "what a majority has is committed, whoever wrote it (Raft figure 8)", "I16",
        "as committed by counting copies",
        {"minikafka.controller.quorum:majority_high_watermark": count_any_epoch}, (FIGURE_8,), FIVE,
        story=(
            "Figure 8 of the Raft paper, section 5.4.2. A leader finds a record of an epoch before its own on a "
            "majority. That looks committed, but a controller with a newer last record, written in between and on "
            "one disk only, can still win the votes of that same majority and cut it. So a leader counts copies "
            "only of records of its own epoch; those before come with them. It is why a KRaft leader begins its "
            "epoch with a record that says only that it leads (`LeaderChangeMessage`)."
        ),
    ),
    Mutant(
        "answer_before_commit", "what the leader has on disk will be committed sooner or later", "I16",
        "answered that topic",
        {"minikafka.controller.controller:Controller._answer_committed": answer_before_commit}, (CREATE,), THREE,
        story=(
            "The active controller decides, appends, and lets the client wait until the records are committed "
            "(`QuorumController` answers from its purgatory of deferred events). Whoever is answered at the "
            "append is told of a topic that the next leader has never heard of."
        ),
    ),
    Mutant(
        "count_before_flush", "the leader's page cache counts as a copy", "I16", "and no majority has",
        {"minikafka.controller.quorum_log:QuorumLog.append": count_before_flush}, (UNFLUSHED,), THREE,
        story=(
            "A partition's leader answers from its page cache, for the other replicas have the record too, and "
            "are unlikely to lose power together. The quorum makes no such bet: a voter's log is flushed before "
            "it says that it has a record, and the leader's own before it counts itself (KIP-595). Here the "
            "leader is one of two that have the record, loses power, and one of three is no "
            "majority."
        ),
    ),
    Mutant(
        "keep_what_is_written", "what was flushed is never taken back", "I16", "all is committed, but controller",
        {"minikafka.controller.quorum_log:QuorumLog._cut": keep_what_is_written}, (ALONE,), THREE,
        story=(
            "A controller that led alone behind a cut has records that nobody else saw. When it comes back, the "
            "new leader's answer to its fetch says where the logs part (KIP-595, the diverging epoch of KIP-320's "
            "kind), and it cuts there, flushed or not. A controller that keeps them has another history below its "
            "end than all others; it can never copy what they have at those offsets."
        ),
    ),
    Mutant(
        "sum_up_without_settings", "a snapshot holds brokers, topics and partitions", "I16", "The snapshot of",
        {"minikafka.metadata.snapshot:records_of": sum_up_without_settings}, (SETTINGS,), THREE,
        story=(
            "KIP-630: a snapshot must come to just what the records before it came to, since it takes their place "
            "for everybody who starts later. Every new kind of record has to be taught to the writer of snapshots "
            "as well, and the one that is forgotten shows only after a restart: settings that were there are the "
            "defaults again."
        ),
    ),
)  # fmt: skip
