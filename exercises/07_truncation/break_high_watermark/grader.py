"""07/break_high_watermark: the rule before KIP-101 is in place, and a reply to each attack that does not count."""

from __future__ import annotations

from minikafka.grading.attack import Attack, Attempt, Harm, Reply, acknowledged_and_gone
from minikafka.protocol import facts
from minikafka.protocol.facts import Fact
from minikafka.sim import mutants
from minikafka.sim.exhaustive import Scope
from minikafka.sim.schedule import Run

ALL = (-1,)


def harm(run: Run) -> Harm:
    """What was acknowledged by all is gone, after one crash at most: two crashes are the run of the lesson."""
    crashed = [one for one in run.sim.recorder.told if isinstance(one.fact, facts.NodeCrashed)]
    if len(crashed) > 1:
        return Harm(False, f"it took {len(crashed)} crashes", crashed[1].step)
    return acknowledged_and_gone(run, ALL)


def _facts(attempt: Attempt, kind: type[Fact]) -> list[Fact]:
    return [one.fact for one in attempt.run.sim.recorder.told if isinstance(one.fact, kind)]


def _answered(attempt: Attempt, acks: int) -> bool:
    return any(getattr(fact, "acks", 0) == acks for fact in _facts(attempt, facts.ProduceAcknowledged))


def _elections(attempt: Attempt) -> int:
    return sum(getattr(fact, "leader_epoch", 0) > 0 for fact in _facts(attempt, facts.BecameLeader))


REPLIES = (
    Reply(
        "two_crashes",
        lambda attempt: len(_facts(attempt, facts.NodeCrashed)) > 1,
        "That is the lesson's own run. Broker 1 loses its office without a crash, when no controller hears it.",
    ),
    Reply(
        "acks_one",
        lambda attempt: not _answered(attempt, -1) and _answered(attempt, 1),
        "With acks=1 one broker promises for itself, and the rule of this exercise is not needed to lose it.",
    ),
    Reply(
        "unanswered",
        lambda attempt: not _answered(attempt, -1),
        "No client heard *stored* for acks=all. What is not acknowledged was not promised.",
    ),
    Reply(
        "nobody_else_leads",
        lambda attempt: not _elections(attempt),
        "Nobody became a follower again, so nobody cut its log. Somebody else than broker 1 has to be elected.",
    ),
    Reply(
        "nothing_to_cut",
        lambda attempt: not _facts(attempt, facts.LogTruncated),
        "Every follower knew that its records are committed: half a second was enough to hear it. Send closer to the "
        "election.",
    ),
    Reply(
        "fetched_again",
        lambda attempt: True,
        "Broker 3 cut its log, and had the record again from its new leader a few ms later. It must lose its "
        "leader in between.",
    ),
)

EXERCISE = Attack(
    order=1,
    goal="A record that was acknowledged with acks=all is gone, and only one broker has crashed.",
    most_faults=2,
    verbs=("cut", "crash", "heal", "restart", "send"),
    harm=harm,
    replies=REPLIES,
    instead=mutants.mutant("cut_to_mark_when_following").replaces,
    impossible=Scope(sends=1, faults=1, restarts=False),
    praise_text="So a follower asks its leader before it drops anything (KIP-101). With that rule in place again:",
)
