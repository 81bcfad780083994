"""06/what_clients_hear: the questions, a reply for each choice, and the scene that shows it."""

from __future__ import annotations

from minikafka.grading.predict import Choice, Pick, Predict, Put, Runs, Shown
from minikafka.scenarios import scenario
from minikafka.trace.trace import Trace
from minikafka.world import run_scenario

CUT, CRASH = "06_two_leaders", "06_two_leaders with a crash"


def record() -> Runs:
    """The lesson's run, and the branch in which broker 1 crashes instead of being cut off."""
    trace = run_scenario(scenario("06_two_leaders"))
    crashes = next(branch for branch in trace.document["branches"] if "crashes" in branch["name"])
    return {CUT: trace, CRASH: Trace(crashes["trace"])}


def cut(scene: int) -> Shown:
    return Shown(CUT, scene)


def crash(scene: int) -> Shown:
    return Shown(CRASH, scene)


QUESTIONS = (
    Put(
        "order",
        "which of these is heard first, second, third, last?",
        {
            "a": Choice(
                "A hears NOT_LEADER_OR_FOLLOWER",
                "Broker 1 can say so only after the heal: until then it leads in its own eyes.",
                cut(14),
            ),
            "b": Choice(
                "a consumer hears FENCED_LEADER_EPOCH",
                "A consumer that still knows epoch 0 asks broker 2, right after the other one asked broker 1.",
                cut(12),
            ),
            "c": Choice(
                "A hears REQUEST_TIMED_OUT", "d waits 30 s at broker 1, and the cut has not healed by then.", cut(13)
            ),
            "d": Choice(
                "a consumer hears UNKNOWN_LEADER_EPOCH",
                "A consumer that knows epoch 1 asks broker 1, which has "
                "read only of epoch 0. Nobody has waited for anything yet.",
                cut(11),
            ),
        },
    ),
    Pick(
        "after_unknown_epoch",
        "a consumer that knows epoch 1 asks broker 1 and hears UNKNOWN_LEADER_EPOCH. What now?",
        {
            "a": Choice(
                "its own metadata is old: find out who leads",
                "The consumer knew epoch 1, and broker 1 had read only of epoch 0. It is the broker that is behind.",
                cut(11),
            ),
            "b": Choice(
                "the broker is behind: ask again in a moment",
                "Yes: the broker has not read yet what the consumer has read.",
                cut(11),
            ),
            "c": Choice(
                "the outcome is unknown",
                "A read leaves nothing behind. Here a reader was refused; there is no outcome to be unsure about.",
                cut(11),
            ),
        },
        right="b",
    ),
    Pick(
        "after_fenced_epoch",
        "a consumer that knows epoch 0 asks broker 2 and hears FENCED_LEADER_EPOCH. What now?",
        {
            "a": Choice(
                "its own metadata is old: find out who leads",
                "Yes: there has been an election that it has not heard of.",
                cut(12),
            ),
            "b": Choice(
                "the broker is behind: ask again in a moment",
                "Broker 2 has read of epoch 1 and leads in it. "
                "Asked again in the name of epoch 0, it says the same again.",
                cut(5),
            ),
            "c": Choice(
                "the outcome is unknown",
                "A read leaves nothing behind. It was refused, and it is the reader that is behind.",
                cut(12),
            ),
        },
        right="a",
    ),
    Pick(
        "after_timeout",
        "A hears REQUEST_TIMED_OUT for d. What does A know?",
        {
            "a": Choice(
                "d was not written: sending it again is safe",
                "d was appended at broker 1 before it was parked. A timeout says nothing about what was written.",
                cut(9),
            ),
            "b": Choice(
                "d was written and stays: no need to send it again",
                "d was written, and it did not stay: here broker 1 cuts c and d off.",
                cut(15),
            ),
            "c": Choice(
                "neither: the outcome is unknown",
                "Yes: it lay in one log. Had broker 1 still been the leader, it would have stayed.",
                cut(13),
            ),
        },
        right="c",
    ),
    Pick(
        "after_not_leader",
        "A hears NOT_LEADER_OR_FOLLOWER for d. What now?",
        {
            "a": Choice("find out who leads, and send d there", "Yes: broker 2 takes it.", cut(17)),
            "b": Choice(
                "ask broker 1 again in a moment: it is behind",
                "Broker 1 has just read of epoch 1: it follows broker 2 now, and will go on saying no.",
                cut(14),
            ),
            "c": Choice(
                "give d up: it has failed",
                "The error is retriable: A looks for the leader, sends d there, and is told that it is stored.",
                cut(17),
            ),
        },
        right="a",
    ),
    Pick(
        "crash_first_answer",
        "with crash(1) instead of the cut, what does A hear first when it sends b?",
        {
            "a": Choice(
                "nothing for 30 s, then a timeout",
                "The process is gone, so nobody holds the connection: A is "
                "told within milliseconds. Silence comes from a process that lives, or from a cut.",
                crash(2),
            ),
            "b": Choice(
                "NOT_LEADER_OR_FOLLOWER", "Who should say it? No process of broker 1 is there to answer.", crash(1)
            ),
            "c": Choice("the connection is refused", "Yes: NETWORK_EXCEPTION, at once.", crash(2)),
        },
        right="c",
    ),
    Pick(
        "crash_metadata",
        "with crash(1), A asks brokers 2 and 3 who leads, 5 s after the crash. What do they say?",
        {
            "a": Choice(
                "broker 2: they saw the connection break",
                "Brokers 2 and 3 see it, and decide nothing. The line that "
                "names broker 2 is written when the controller has heard nothing for 9 s.",
                crash(3),
            ),
            "b": Choice(
                "still broker 1", "Yes: nothing has been written yet. Metadata repeats the newest line.", crash(3)
            ),
            "c": Choice(
                "nobody leads",
                "That would have to be written, too, and the controller still takes broker 1 "
                "for alive. When it does write, broker 2 leads at once.",
                crash(3),
            ),
        },
        right="b",
    ),
)

EXERCISE = Predict(
    order=3,
    questions=QUESTIONS,
    record=record,
    praise_text="Older, newer, not mine, unknown: four answers, and a client does something else after each.",
)
