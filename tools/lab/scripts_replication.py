"""Scripts about copies: who must have a record, who leads, and what a leader that was away finds."""

from __future__ import annotations

from typing import Any

from lab.base import Lab, Script

ONE_TRY = {"acks": "all", "linger_ms": 0, "enable_idempotence": False, "retries": 0}
PATIENT = {"acks": "all", "linger_ms": 0, "enable_idempotence": True, "request_timeout_ms": 5_000}


def enough_copies(lab: Lab) -> dict[str, Any]:
    """Lesson 5: both followers die; min.insync.replicas 1 and 2 answer differently."""
    answers: dict[str, Any] = {}
    for minimum in ("1", "2"):
        lab.topic(f"l05-min{minimum}", (1, 2, 3), min_insync_replicas=minimum)
        answers[f"min {minimum}, all alive"] = lab.send(lab.producer(**ONE_TRY), f"l05-min{minimum}", "tea")
    lab.strike("crash", 2)
    lab.strike("crash", 3)
    for minimum in ("1", "2"):
        topic = f"l05-min{minimum}"
        answers[f"min {minimum}, ISR"] = lab.until_led_by(topic, 1, [1]).isr
        answers[f"min {minimum}, one left, acks=all"] = lab.send(lab.producer(**ONE_TRY), topic, "rum")
        one = lab.producer(**ONE_TRY | {"acks": "1"})
        answers[f"min {minimum}, one left, acks=1"] = lab.send(one, topic, "gin")
        answers[f"min {minimum}, read meanwhile"] = lab.read_log(topic)
    lab.strike("restart", 2)
    lab.strike("restart", 3)
    for minimum in ("1", "2"):
        topic = f"l05-min{minimum}"
        lab.until_led_by(topic, 1, [1, 2, 3])
        answers[f"min {minimum}, all back"] = lab.send(lab.producer(**ONE_TRY), topic, "ale")
        answers[f"min {minimum}, log"] = lab.read_log(topic)
    return answers


def two_leaders(lab: Lab) -> dict[str, Any]:
    """Lesson 6: the leader stands still for longer than its session; the next in line leads, in a new epoch."""
    topic = lab.topic("l06-orders", (1, 2, 3))
    producer = lab.producer(**PATIENT)
    before = lab.send(producer, topic, "tea", "rum")
    old = lab.end_of_epoch(1, topic, 0)
    lab.strike("pause", 1)
    began = lab.now()
    stands = lab.until_led_by(topic, 2, [2, 3])
    seconds = lab.now() - began
    during = lab.send(lab.producer(**PATIENT), topic, "gin")
    new_epoch = lab.epoch_of(2, topic)
    answers = {
        "before": before,
        "epoch 0 while it lasts": old,
        "next leader, ISR": list(stands),
        "leader epoch grew by": new_epoch - old[1],
        "not before its session is over": seconds > 4,
        "written meanwhile": during,
        "fetch with the old epoch": lab.fetch_error(2, topic, 0, 0),
        "fetch with a later epoch": lab.fetch_error(2, topic, 0, new_epoch + 1),
        "fetch with the present epoch": lab.fetch_error(2, topic, 0, new_epoch),
    }
    lab.strike("resume", 1)
    lab.until_led_by(topic, 2, [1, 2, 3])
    answers["fetch of the old leader, old epoch"] = lab.fetch_error(1, topic, 0, 0)
    return answers | {"log": lab.read_log(topic), "ends of epochs": [lab.end_of_epoch(2, topic, one) for one in (0, 1)]}


def histories(lab: Lab) -> dict[str, Any]:
    """Lesson 7: leaders die and come back in turn; each epoch ends where the next leader began."""
    topic = lab.topic("l07-orders", (1, 2, 3))
    producer = lab.producer(**PATIENT)
    answers: dict[str, Any] = {"written": lab.send(producer, topic, "a0", "a1")}
    for leader, heir in ((1, 2), (2, 1)):
        lab.strike("crash", leader)
        rest = sorted({1, 2, 3} - {leader})
        lab.until_led_by(topic, heir, rest)
        answers[f"written without {leader}"] = lab.send(producer, topic, f"{leader}x", f"{leader}y")
        lab.strike("restart", leader)
        lab.until_led_by(topic, heir, [1, 2, 3])
    now = lab.stands(topic)
    ends = [lab.end_of_epoch(now.leader, topic, epoch) for epoch in range(4)]
    return answers | {"leader at the end": now.leader, "ends of epochs": ends, "log": lab.read_log(topic)}


def nothing_twice(lab: Lab) -> dict[str, Any]:
    """The leader dies in the middle of 500 records of an idempotent producer: each is there once, in order."""
    topic = lab.topic("idempotent", (1, 2, 3))
    told: list[str] = []
    producer = lab.producer(acks="all", linger_ms=1, enable_idempotence=True)
    for number in range(500):
        producer.produce(
            topic, value=str(number), partition=0, on_delivery=lambda error, _: told.append(lab.name_of(error))
        )
        if number == 200:
            producer.poll(0.2)
            lab.strike("crash", 1)
        if number % 50 == 0:
            producer.poll(0.05)
    left = producer.flush(90)
    lab.strike("restart", 1)
    lab.until_led_by(topic, 2, [1, 2, 3])
    values = [value for _, value in lab.read_log(topic)]
    return {
        "unanswered": left,
        "answers": sorted(set(told)),
        "each once, in order": values == [str(number) for number in range(500)],
        "bounds": lab.bounds(topic),
    }


def the_first_in_line(lab: Lab) -> dict[str, Any]:
    """A leader leaves in order, comes back, and leads again only when asked to."""
    topic = lab.topic("preferred", (1, 2, 3))
    lab.send(lab.producer(**PATIENT), topic, "tea")
    lab.strike("leave", 1)
    gone = lab.until_led_by(topic, 2, [2, 3])
    lab.strike("restart", 1)
    back = lab.until_led_by(topic, 2, [1, 2, 3])
    kind = lab.clients.ElectionType if hasattr(lab.clients, "ElectionType") else lab.administration.ElectionType
    results = lab.admin.elect_leaders(kind.PREFERRED, [lab.partition(topic)]).result(30)
    elected = {name.topic: lab.name_of(problem) for name, problem in results.items()}
    after = lab.until_led_by(topic, 1, [1, 2, 3])
    again = lab.admin.elect_leaders(kind.PREFERRED, [lab.partition(topic)]).result(30)
    return {
        "gone": list(gone),
        "back": list(back),
        "elected": elected,
        "after": list(after),
        "asked again": [lab.name_of(problem) for problem in again.values()],
        "ends of epochs": [lab.end_of_epoch(1, topic, epoch) for epoch in range(3)],
    }


def last_of_the_isr(lab: Lab) -> dict[str, Any]:
    """The last in-sync replica dies, one that lags comes back: nobody leads, until the right one is there."""
    topic = lab.topic("unclean", (1, 2))
    producer = lab.producer(**PATIENT)
    before = lab.send(producer, topic, "tea")
    lab.strike("crash", 2)
    lab.until_led_by(topic, 1, [1])
    alone = lab.send(producer, topic, "rum")
    lab.strike("crash", 1)
    nobody = lab.until_led_by(topic, -1)
    lab.strike("restart", 2)
    lab.wait(3)
    still = lab.stands(topic)
    lab.strike("restart", 1)
    back = lab.until_led_by(topic, 1, [1, 2])
    return {
        "before": before, "alone": alone, "when both are gone": nobody.leader,
        "with the one that lags": still.leader, "with the last one": list(back), "log": lab.read_log(topic),
    }  # fmt: skip


SCRIPTS = (
    Script("05_min_isr", "Enough copies", enough_copies, faults=("crash", "restart")),
    Script("06_two_leaders", "Two leaders", two_leaders, faults=("pause",)),
    Script("07_epochs", "Where epochs end", histories, faults=("crash", "restart")),
    Script("idempotence", "Nothing lost, nothing twice", nothing_twice, faults=("crash", "restart")),
    Script("preferred_leader", "The first in line", the_first_in_line, faults=("restart",)),
    Script("last_of_the_isr", "The last of the ISR", last_of_the_isr, faults=("crash", "restart")),
)
