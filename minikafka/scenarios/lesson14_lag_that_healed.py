"""Lag falls to zero because retention and a reset took the records, not because anybody read them."""

from __future__ import annotations

from typing import Any

from minikafka.sim.scenario import Branch, Question, Scenario, Scene, World


def play(world: World) -> None:
    """One mail a second; the group is down from second 20 on, and comes back after retention has passed it."""
    world.create_topic("mail", (1,), segment_ms="15000", retention_ms="60000")
    producer = world.producer("A", acks="all", linger_ms=0)
    mailer = member(world, "first", "latest")
    send_until(world, producer, 0, 20, mailer)
    mailer.close()
    send_until(world, producer, 20, 100, None)
    again = member(world, "second", world.choice("reset", "latest"))
    send_until(world, producer, 100, 112, again)
    again.close()


def member(world: World, name: str, reset: str) -> Any:
    """A member of the group that mails."""
    consumer = world.consumer(
        name, group_id="mailer", auto_offset_reset=reset, enable_auto_commit="false",
        session_timeout_ms=6_000,
    )  # fmt: skip
    consumer.subscribe(["mail"])
    if any(one.error() is not None for one in consumer.consume(1, 0.5)):
        go_on_loudly(world, consumer)
    return consumer


def go_on_loudly(world: World, consumer: Any) -> None:
    """There is no policy, so the application decides: it says what is gone, and reads what is left."""
    committed = consumer.committed([world.partition("mail", 0)], 5)[0].offset
    start, _ = consumer.get_watermark_offsets(world.partition("mail", 0))
    world.note(f"Mails {committed} to {start - 1} are gone, and nobody has sent them. Reading goes on at {start}.")
    consumer.seek(world.partition("mail", 0, start))


def send_until(world: World, producer: Any, first: int, end: int, consumer: Any) -> None:
    """Mails `first` to `end - 1`, one a second; a consumer reads along and commits after each poll."""
    for number in range(first, end):
        producer.produce("mail", value=f"m{number}")
        if consumer is None:
            world.wait(1_000)
        elif consumer.consume(100, 1):
            consumer.commit(asynchronous=False)


SCENARIO = Scenario(
    id="14_lag_that_healed",
    title="The lag that healed itself",
    moral="Retention took some, the reset policy took the rest, and the graph turned green.",
    play=play,
    promises=("I10",),
    brokers=1,
    settings={
        "offsets.topic.num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "group.initial.rebalance.delay.ms": "0",
        "log.retention.check.interval.ms": "10000",
    },
    scenes=(
        Scene("The group reads along", "RecordsConsumed", "consumer-first", {"position": 1}),
        Scene("20 is committed", "CommitAcknowledged", "consumer-first", {"offsets": [["mail-0", 20]]}),
        Scene("Retention takes mails nobody has read", "LogStartMoved", "broker-1", {"log_start_offset": 30}),
        Scene("The group asks for 20", "FetchFailed", "consumer-second", {"error": "OFFSET_OUT_OF_RANGE"}),
        Scene("It goes on at the end", "RecordsConsumed", "consumer-second"),
        Scene("112 is committed: lag 0", "CommitAcknowledged", "consumer-second", {"offsets": [["mail-0", 112]]}),
    ),
    questions=(
        Question(
            before=5,
            ask="Offset 20 is gone, the log holds 30 and on, and auto.offset.reset is latest. Where does it go on?",
            choices=(
                ("At 20: that is committed", False, "Scene 4: 20 can no longer be read.", 4),
                ("At the log start", False, "That is `earliest`. Scene 5: it goes on at the end.", 5),
                ("At the end", True, "Yes: `latest` is not for new groups only.", 5),
            ),
        ),
        Question(
            before=6,
            ask="20 to 99 were never mailed. What does lag say once the group has committed again?",
            choices=(
                ("80: that much is still owed", False, "Lag asks where the group stands. Scene 5: at the end.", 5),
                ("70: the log still holds them", False, "It does, and nobody will ask for them: scene 5.", 5),
                ("0", True, "Yes. The alert clears.", 6),
            ),
        ),
    ),
    branches=(
        Branch(
            "none, and the application decides",
            {"reset": "none"},
            (
                Scene("The group asks for 20", "FetchFailed", "consumer-second", {"error": "OFFSET_OUT_OF_RANGE"}),
                Scene("The application says what is gone", "Note"),
                Scene("It mails all that is left", "RecordsConsumed", "consumer-second"),
            ),
        ),
    ),
    lesson=14,
)
