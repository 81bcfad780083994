"""07/break_kip101: leaders that answer with a bare offset, and a reply to each attack that does not count."""

from __future__ import annotations

from minikafka.grading.attack import Attack, Attempt, Harm, Reply
from minikafka.log.leader_epochs import EpochEnd, Epochs
from minikafka.protocol import facts
from minikafka.sim.schedule import Run, Setup
from minikafka.types import Epoch, Offset

MATCHING = "I5"


def end_of_epoch_by_kip101(epochs: Epochs, log_end: Offset, asked: Epoch) -> EpochEnd | None:
    """Where the epoch ends, and not a word on which epoch that is: the one asked for, as the follower will think."""
    if asked < 0 or not epochs or asked > epochs[-1][0]:
        return None
    return EpochEnd(asked, min((start for epoch, start in epochs if epoch > asked), default=log_end))


def harm(run: Run) -> Harm:
    """Two logs differ where they must agree."""
    if run.violation is not None and run.violation.promise == MATCHING:
        return Harm(True, run.violation.sentence, run.violation.step)
    told = [one.step for one in run.sim.recorder.told if isinstance(one.fact, facts.LogTruncated | facts.BecameLeader)]
    return Harm(False, "wherever two logs must agree they do", told[-1] if told else 1)


def _newest_epoch(attempt: Attempt) -> int:
    told = [one.fact for one in attempt.run.sim.recorder.told]
    return max((fact.leader_epoch for fact in told if isinstance(fact, facts.BecameLeader)), default=0)


def _written_in(attempt: Attempt, epoch: int) -> bool:
    """Did a leader append anything in that epoch?"""
    leads, wrote = {}, set()
    for one in attempt.run.sim.recorder.told:
        if isinstance(one.fact, facts.BecameLeader):
            leads[one.node] = one.fact.leader_epoch
        elif isinstance(one.fact, facts.RecordsAppended) and one.fact.as_leader:
            wrote.add(leads.get(one.node))
    return epoch in wrote


def _left_the_isr(attempt: Attempt) -> bool:
    """Did the leader put a broker out, as it does with one that has not fetched for 30 s?"""
    told = attempt.run.sim.recorder.told
    return any(isinstance(one.fact, facts.IsrProposed) and one.fact.removed for one in told)


def _was_cut(attempt: Attempt) -> bool:
    return any(isinstance(one.fact, facts.LogTruncated) for one in attempt.run.sim.recorder.told)


REPLIES = (
    Reply(
        "left_the_isr",
        lambda attempt: _left_the_isr(attempt) and _newest_epoch(attempt) < 2,
        "A broker that has not fetched for 30 s leaves the ISR, and is not elected. Strike sooner.",
    ),
    Reply(
        "one_failover",
        lambda attempt: _newest_epoch(attempt) < 2,
        "With one failover the follower asks for an epoch that the new leader has had. You need a leader that never "
        "heard of the one before it.",
    ),
    Reply(
        "wrote_nothing",
        lambda attempt: not _written_in(attempt, 1),
        "The leader in between wrote nothing of its own. Its last epoch is one that everybody has.",
    ),
    Reply(
        "third_is_short",
        _was_cut,
        "The leader in between came back, and everything it had written alone was cut. Its records have to lie below "
        "the offset at which the last leader began.",
    ),
    Reply(
        "all_had_everything",
        lambda attempt: True,
        "Nobody cut anything: whoever led in between had shared its records, or never came back to a leader without "
        "them.",
    ),
)

EXERCISE = Attack(
    order=3,
    goal="Two logs differ where they must agree.",
    most_faults=3,
    verbs=("cut", "crash", "heal", "restart", "send"),
    harm=harm,
    replies=REPLIES,
    setup=Setup(min_isr=1),
    promises=(MATCHING,),
    instead={"minikafka.log.leader_epochs:end_of_epoch": end_of_epoch_by_kip101},
    praise_text="KIP-279 lets the answer name its epoch, and the follower look whether it has that one.",
)
