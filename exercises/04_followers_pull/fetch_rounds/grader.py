"""04/fetch_rounds: what each card does in the running cluster, and the harm that a wrong order does there.

The leader's handling of a follower's fetch and the follower's handling of an answer are put together anew from the
cards; all else is the engine's. Two runs: tea and rum in peace, and gin while broker 2 hears nothing and broker 1 then
loses its power.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from minikafka.broker import following, reading
from minikafka.broker.purgatory import ParkedFetch
from minikafka.broker.replica_fetcher import ReplicaFetcher
from minikafka.broker.replica_manager import ReplicaManager
from minikafka.effects import Effect, Observe, Send
from minikafka.grading.attack import Harm, acknowledged_and_gone
from minikafka.grading.ordering import Misorder, Order, Played, Row
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, FetchPartitionResult, FetchRequest, FetchResponse
from minikafka.protocol.records import split_batches
from minikafka.sim.checkers.ledger import replica_of
from minikafka.sim.schedule import Run, Setup, go_on_until, play, schedule
from minikafka.sim.substitute import substituted
from minikafka.types import Millis

HOME = "minikafka.broker"
MARK = f"{HOME}.partition:advance_high_watermark"
PEACE = schedule((0, "send", "tea"), (800, "send", "rum"))
POWER = schedule((0, "send", "tea"), (600, "cut", 1, 2), (600, "send", "gin"), (800, "power_loss", 1))
LOOK_MS: Millis = 2_500
AT_ONCE_MS: Millis = 100
"""Two rounds take a few milliseconds; a third one begins after replica.fetch.wait.max.ms."""

LEADER = {
    "note_position": "write down what the follower asks for",
    "advance_mark": "move the mark",
    "read": "read records and mark",
    "answer": "send what was read",
    "note_what_was_sent": "write down what was read for it as held",
    "push_to_all": "push the newest records to all",
}
FOLLOWER = {
    "append": "append",
    "take_mark": "take the mark",
    "fetch_next": "fetch behind the log end",
    "send_ack": "send an acknowledgement",
}

original_request = ReplicaManager.fetch_request
original_settle = ReplicaManager._settle_fetch
original_fetch = ReplicaFetcher.fetch
original_take = ReplicaFetcher.take


class Leader:
    """What a leader does when a follower's fetch arrives, card by card."""

    def __init__(self, cards: tuple[str, ...]) -> None:
        self.cards = cards

    def of_request(self, replicas: ReplicaManager, envelope: Envelope, request: FetchRequest, now: Millis) -> Any:
        """In place of `ReplicaManager.fetch_request`."""
        if request.replica_id < 0 or not _in_order(replicas, envelope, request, now):
            return original_request(replicas, envelope, request, now)
        round_ = Round(replicas, envelope, request, now)
        round_.carry_out(self.cards)
        if "answer" in self.cards and not round_.settle():
            asked = frozenset(one.partition for one in request.partitions)
            replicas.purgatory.fetches.append(ParkedFetch(envelope, request, asked, now + request.max_wait_ms))
        return round_.effects

    def of_parked(self, replicas: ReplicaManager, parked: ParkedFetch, now: Millis) -> Any:
        """In place of `ReplicaManager._settle_fetch`: records have come, or its time is up; nothing was asked anew."""
        if parked.request.replica_id < 0 or not _in_order(replicas, parked.envelope, parked.request, now):
            return original_settle(replicas, parked, now)
        round_ = Round(replicas, parked.envelope, parked.request, now)
        round_.carry_out(self._again())
        if not round_.settle(is_due=parked.due_ms <= now):
            return []
        parked.settled = True
        return round_.effects

    def _again(self) -> tuple[str, ...]:
        """The mark is looked at only after something was noted."""
        sent = self.cards.index("note_what_was_sent") if "note_what_was_sent" in self.cards else len(self.cards)
        return tuple(
            card
            for number, card in enumerate(self.cards)
            if card in ("read", "answer", "note_what_was_sent") or (card == "advance_mark" and number > sent)
        )


def _in_order(replicas: ReplicaManager, envelope: Envelope, request: FetchRequest, now: Millis) -> bool:
    """No error and no divergence: those are another lesson's."""
    for asked in request.partitions:
        result, _ = replicas.reader.read(asked, request, envelope.source, now, asked.max_bytes, first_time=False)
        if result.error != ErrorCode.NONE or result.diverging_epoch >= 0:
            return False
    return len(request.partitions) == 1


class Round:
    """One fetch at its leader."""

    def __init__(self, replicas: ReplicaManager, envelope: Envelope, request: FetchRequest, now: Millis) -> None:
        self.replicas, self.envelope, self.request, self.now = replicas, envelope, request, now
        self.asked = request.partitions[0]
        self.partition = replicas.partitions[self.asked.partition]
        self.effects: list[Effect] = []
        self.found: FetchPartitionResult | None = None
        self.answer: FetchPartitionResult | None = None

    def carry_out(self, cards: Iterable[str]) -> None:
        """One card after the other."""
        for card in cards:
            getattr(self, "do_" + card)()

    def settle(self, is_due: bool = False) -> bool:
        """Send what the card `answer` took, unless there is nothing to say and time to wait."""
        answer = self.answer
        if answer is None or not (is_due or reading.has_news(self.request, [answer])):
            return False
        self.effects.append(Send(self.envelope.reply(FetchResponse((answer,)))))
        return True

    def do_note_position(self) -> None:
        """`Partition.record_follower_fetch`, the mark held where it is."""
        with substituted({MARK: lambda current, *_: current}):
            told = self.partition.record_follower_fetch(
                self.request.replica_id, self.asked.fetch_offset, self.request.replica_epoch,
                self.asked.current_leader_epoch, self.now, self.asked.log_start_offset,
            )  # fmt: skip
        self._observe(told)

    def do_advance_mark(self) -> None:
        """Whoever waits for the mark is looked at again."""
        told = self.partition.advance(self.now)
        self._observe(told)
        self.effects += self.replicas._follower_moved(
            self.asked.partition, self.request.replica_id, bool(told), self.now
        )

    def do_read(self) -> None:
        """Records, and the mark as it is now."""
        self.found, told = self.replicas.reader.read(
            self.asked, self.request, self.envelope.source, self.now, self.asked.max_bytes, first_time=False
        )
        self._observe(told)

    def do_answer(self) -> None:
        """What was read until now; without any reading, nothing."""
        nothing = FetchPartitionResult(self.asked.partition, ErrorCode.NONE, -1, self.partition.log.log_start_offset)
        self.answer = self.found or nothing

    def do_note_what_was_sent(self) -> None:
        """As if it had arrived."""
        batches = list(split_batches(self.found.records)) if self.found is not None else []
        if batches:
            end = batches[-1].next_offset
            self.partition.followers[self.request.replica_id].log_end_offset = end
            whose = f"what it sends to broker {self.request.replica_id}"
            self._observe([facts.Note(f"Broker {self.partition.broker_id} takes {whose} for held: below {end}.")])

    def do_push_to_all(self) -> None:
        """No follower listens for what it has not asked for."""
        self._observe([facts.Note("The leader pushes its newest records to all. Nobody asked: they are dropped.")])

    def _observe(self, told: Iterable[facts.Fact]) -> None:
        self.effects += [Observe(fact) for fact in told]


class Follower:
    """What a follower does when an answer arrives, card by card."""

    def __init__(self, cards: tuple[str, ...]) -> None:
        self.cards = cards
        self.epochs: dict[ReplicaFetcher, int] = {}
        self.answered: list[ReplicaFetcher] = []
        """From their first answer on it is the card that asks; without that card nobody does."""

    def of_fetch(self, fetcher: ReplicaFetcher, broker_epoch: int, now: Millis) -> Any:
        """In place of `ReplicaFetcher.fetch`: the first question, and those that the card asks."""
        self.epochs[fetcher] = broker_epoch
        if fetcher in self.answered and "fetch_next" not in self.cards:
            return []
        return original_fetch(fetcher, broker_epoch, now)

    def of_answer(self, fetcher: ReplicaFetcher, envelope: Envelope, now: Millis) -> Any:
        """In place of `ReplicaFetcher.take`."""
        answer = envelope.message
        plain = isinstance(answer, FetchResponse) and all(
            one.error == ErrorCode.NONE and one.diverging_epoch < 0 for one in answer.partitions
        )
        if not plain or not fetcher.channel.answered(envelope):
            return original_take(fetcher, envelope, now)
        self.answered.append(fetcher)
        fits = [one for one in answer.partitions if self._fits(fetcher, one)]
        effects: list[Effect] = []
        for card in self.cards:
            effects += self._carry_out(card, fetcher, fits, now)
        return effects

    def _fits(self, fetcher: ReplicaFetcher, answer: FetchPartitionResult) -> bool:
        partition, asked = fetcher.partitions.get(answer.partition), fetcher._asked.get(answer.partition)
        return partition is not None and asked == fetcher._question(partition)

    def _carry_out(
        self, card: str, fetcher: ReplicaFetcher, answers: list[FetchPartitionResult], now: Millis
    ) -> list[Effect]:
        if card == "fetch_next":
            return original_fetch(fetcher, self.epochs[fetcher], now)
        if card == "send_ack":
            return [Observe(facts.Note("No request exists by which a follower says that records have arrived."))]
        effects: list[Effect] = []
        for answer in answers:
            log = fetcher.partitions[answer.partition].log
            if card == "append":
                _, told = following.take_answer(log, replace(answer, high_watermark=log.high_watermark))
                effects += [Observe(fact) for fact in told]
            elif log.move_high_watermark(answer.high_watermark):
                effects.append(Observe(facts.HighWatermarkMoved(log.partition, log.high_watermark, as_leader=False)))
        return effects


# --- the runs, and the harm ---


def carry_out(cards: tuple[str, ...]) -> Played:
    """Both runs with these cards; the first that does harm, else the first."""
    in_peace = _play(cards, PEACE, LOOK_MS)
    harm = harm_in_peace(in_peace)
    if harm.done:
        return Played(in_peace.trace(title="Tea and rum, in peace"), harm)
    run = _play(cards, POWER, 20_000)
    lost = acknowledged_and_gone(run)
    if lost.done:
        return Played(run.trace(title="Gin, and a loss of power"), lost)
    return Played(in_peace.trace(title="Tea and rum, in peace"), Harm(False, "Everything came in time.", harm.step))


def _play(cards: tuple[str, ...], lines: Any, wait_ms: Millis) -> Run:
    leader, follower = Leader(cards[:4]), Follower(cards[4:])
    put_in = {
        f"{HOME}.replica_manager:ReplicaManager.fetch_request": lambda *those: leader.of_request(*those),
        f"{HOME}.replica_manager:ReplicaManager._settle_fetch": lambda *those: leader.of_parked(*those),
        f"{HOME}.replica_fetcher:ReplicaFetcher.fetch": lambda *those: follower.of_fetch(*those),
        f"{HOME}.replica_fetcher:ReplicaFetcher.take": lambda *those: follower.of_answer(*those),
    }
    with substituted(put_in):
        return play(Setup(), lines, settle=False, inspect=lambda run: go_on_until(run, run.sim.now + wait_ms))


def harm_in_peace(run: Run) -> Harm:
    """Sent twice, never readable, readable late, or readable without the followers' knowing."""
    steps, name = run.sim.recorder.steps, run.setup.partition
    at_leader = [one for one in run.sim.recorder.told if one.node == "broker-1"]
    written = next(
        one.step for one in at_leader if isinstance(one.fact, facts.RecordsAppended) and one.fact.partition == name
    )
    moves = (one for one in at_leader if isinstance(one.fact, facts.HighWatermarkMoved) and one.fact.partition == name)
    moved = next((one.step for one in moves), None)
    twice = sent_twice(run)
    if twice is not None:
        return twice
    if moved is None:
        return Harm(True, "Broker 1 wrote tea, and its high watermark never moved: nobody may read tea.", written)
    late_ms = steps[moved - 1].at_ms - steps[written - 1].at_ms
    if late_ms > AT_ONCE_MS:
        said = f"Both followers asked for offset 1 within milliseconds, and the mark moved {late_ms} ms after tea."
        return Harm(True, said, moved)
    leader = replica_of(run.sim, 1, name)
    assert leader is not None
    for broker in (2, 3):
        replica = replica_of(run.sim, broker, name)
        if replica is not None and replica.log.high_watermark < leader.log.high_watermark:
            marks = f"the high watermark of broker 1 is {leader.log.high_watermark}, of broker {broker} "
            said = f"In the end {marks}{replica.log.high_watermark}."
            return Harm(True, said, run.sim.recorder.step)
    return Harm(False, "Everything came in time.", moved)


def sent_twice(run: Run) -> Harm | None:
    """Nothing is lost on the way here, so nothing needs to be sent again."""
    seen: Counter[tuple[str, int]] = Counter()
    for record in run.sim.recorder.sent:
        message, to = record.envelope.message, record.envelope.destination
        if not isinstance(message, FetchResponse) or not to.startswith("broker"):
            continue
        for result in message.partitions:
            for batch in split_batches(result.records) if result.partition == run.setup.partition else ():
                seen[to, batch.base_offset] += 1
                if seen[to, batch.base_offset] == 2:
                    said = f"{to.replace('-', ' ').capitalize()} was sent offset {batch.base_offset} twice."
                    return Harm(True, said, record.sent)
    return None


MISTAKES = (
    Misorder(
        "push", lambda cards, harm: "push_to_all" in cards,
        "Nobody pushes. A follower takes what it has asked for, and the leader was never told of anything.",
    ),
    Misorder(
        "ack", lambda cards, harm: "send_ack" in cards,
        "No such request exists. The leader waits for the next fetch: that is the acknowledgement.",
    ),
    Misorder(
        "sent_is_held", lambda cards, harm: "note_what_was_sent" in cards,
        "What was sent to broker 2 never arrived, and was counted as held. Only the next fetch proves an append.",
    ),
    Misorder(
        "answer_first", lambda cards, harm: cards.index("answer") < cards.index("read"),
        "You sent the answer before there was anything in it.",
    ),
    Misorder(
        "ask_first", lambda cards, harm: cards.index("fetch_next") < cards.index("append"),
        "The follower asked before it had appended, from its old log end, and was given the same again.",
    ),
    Misorder(
        "mark_first", lambda cards, harm: cards.index("advance_mark") < cards.index("note_position"),
        "The mark was moved by what was known before this fetch; what it says counts one fetch later.",
    ),
)  # fmt: skip

EXERCISE = Order(
    order=1,
    ask="what does each side do, and in which order?",
    steps={**LEADER, **FOLLOWER},
    rows=(Row("leader_on_fetch", 4, tuple(LEADER)), Row("follower_on_answer", 3, tuple(FOLLOWER))),
    play=carry_out,
    look="What did the leader know of each follower at that moment, and from which message?",
    mistakes=MISTAKES,
    praise_text="The next fetch is the acknowledgement: the leader writes it down, and only then moves the mark.",
)
