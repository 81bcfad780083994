"""05/lose_one: what the attack is to achieve, and a reply to each attack that is known not to count."""

from __future__ import annotations

from functools import partial

from minikafka.grading.attack import Attack, Attempt, Reply, acknowledged_and_gone
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup


def _answered(attempt: Attempt) -> bool:
    told = attempt.run.sim.recorder.told
    return any(isinstance(one.fact, facts.ProduceAcknowledged) and one.fact.acks != 0 for one in told)


def _uses(attempt: Attempt, verb: str) -> bool:
    return any(entry.verb == verb for entry in attempt.lines)


def _acks(attempt: Attempt) -> set[str]:
    return {str(dict(entry.options).get("acks", "all")) for entry in attempt.lines if entry.verb == "send"}


def _acknowledged_alone(attempt: Attempt) -> bool:
    """Was anything acknowledged while the ISR was one broker?"""
    size = 3
    for one in attempt.run.sim.recorder.told:
        if isinstance(one.fact, facts.PartitionChanged):
            size = len(one.fact.isr)
        if isinstance(one.fact, facts.ProduceAcknowledged) and one.fact.acks == -1 and size == 1:
            return True
    return False


REPLIES = (
    Reply(
        "unanswered",
        lambda attempt: not _answered(attempt),
        "No client heard *stored*. What is not acknowledged was not promised.",
    ),
    Reply(
        "only_one_ack",
        lambda attempt: bool(_acks(attempt)) and "all" not in _acks(attempt),
        "With acks=1 one copy is all that was asked for. Lose a record that was sent with acks=all.",
    ),
    Reply(
        "sent_before_the_shrink",
        lambda attempt: not _acknowledged_alone(attempt),
        "When it was acknowledged there was more than one in the ISR, and each of them had it. The leader has to be "
        "alone first: others leave when they have lacked something for 30 s, and somebody looks every 15 s.",
    ),
    Reply(
        "page_cache_stays",
        lambda attempt: _uses(attempt, "crash") and not _uses(attempt, "power_loss"),
        "A crash ends the process; what it wrote is still in the machine's page cache, and comes back with the broker.",
    ),
    Reply(
        "another_machine",
        lambda attempt: _uses(attempt, "power_loss"),
        "The power failed where nobody needed it, or too late: what is flushed does not go.",
    ),
    Reply(
        "still_there",
        lambda attempt: True,
        "There is no leader for a while, perhaps; the only copy is still on broker 1's disk.",
    ),
)

EXERCISE = Attack(
    order=6,
    goal="A record that was sent with acks=all is told stored, and the newest leader never has it.",
    most_faults=2,
    verbs=("cut", "crash", "power_loss", "heal", "restart", "send"),
    harm=partial(acknowledged_and_gone, acks=(-1,)),
    replies=REPLIES,
    setup=Setup(min_isr=1),
    praise_text="`acks=all` waits for those who are in sync; when one is in sync, all is one.",
)
