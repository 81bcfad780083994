"""06/zombie: what the attack is to achieve, and a reply to each attack that is known not to count."""

from __future__ import annotations

from minikafka.grading.attack import Attack, Attempt, Reply, acknowledged_and_gone
from minikafka.protocol import facts
from minikafka.sim.exhaustive import Scope


def _sends(attempt: Attempt, acks: str) -> bool:
    return any(entry.verb == "send" and dict(entry.options).get("acks", "all") == acks for entry in attempt.lines)


def _cut_off(attempt: Attempt) -> bool:
    return any(entry.verb == "cut" and entry.arguments[1] == "controllers" for entry in attempt.lines)


def _elected(attempt: Attempt) -> bool:
    """Did anybody lead after broker 1?"""
    told = attempt.run.sim.recorder.told
    return any(isinstance(one.fact, facts.BecameLeader) and one.fact.leader_epoch > 0 for one in told)


def _answered(attempt: Attempt) -> bool:
    told = attempt.run.sim.recorder.told
    return any(isinstance(one.fact, facts.ProduceAcknowledged) and one.fact.acks != 0 for one in told)


REPLIES = (
    Reply(
        "asks_for_no_answer",
        lambda attempt: _sends(attempt, "0") and not _answered(attempt),
        "With acks=0 no broker answers: a record may be lost, but nobody was told that it is stored.",
    ),
    Reply(
        "unanswered",
        lambda attempt: not _answered(attempt),
        "No client heard *stored*. What is not acknowledged was not promised.",
    ),
    Reply(
        "waits_for_all",
        lambda attempt: not _sends(attempt, "1"),
        "With acks=all a leader that nobody fetches from cannot say *stored*: the record waits, and is sent again.",
    ),
    Reply(
        "too_early",
        lambda attempt: _cut_off(attempt) and _elected(attempt),
        "Brokers 2 and 3 go on fetching from broker 1 until they have read of the election, 9 s after its last "
        "heartbeat. What arrives before is copied, and lives.",
    ),
    Reply(
        "nobody_else_leads",
        lambda attempt: not _elected(attempt),
        "Broker 1 leads the whole time, so its log is the log. Somebody else has to be elected.",
    ),
    Reply(
        "knows_it_is_gone",
        lambda attempt: True,
        "The record was taken by a leader that others follow. Look for one that leads only in its own eyes.",
    ),
)

EXERCISE = Attack(
    order=4,
    goal="A client is told that a record is stored, and the newest leader never has it.",
    most_faults=1,
    verbs=("cut", "crash", "heal", "restart", "send"),
    harm=acknowledged_and_gone,
    replies=REPLIES,
    impossible=Scope(sends=1, acks=("all",), faults=1, verbs=("cut_controllers",), restarts=False),
    praise_text="A leader that was deposed can only promise what acks=1 lets it promise alone.",
)
