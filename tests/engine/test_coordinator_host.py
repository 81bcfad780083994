"""The house of the coordinators: a partition led is a shard served, and nothing is said before it is committed."""

from __future__ import annotations

from dataclasses import dataclass

from minikafka.broker.coordinator_host import LOADING_MS, CoordinatorHost
from minikafka.broker.replica_manager import ReplicaManager
from minikafka.config import ServerConfig
from minikafka.coordinator.result import NOTHING, CoordinatorResult, KeyedRecord, ProducerStamp, Wake
from minikafka.disk import MemoryDisk
from minikafka.effects import Observe, Send, SetTimer
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import PartitionChangeRecord, PartitionRecord, TopicRecord
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, Request, Response
from minikafka.protocol.records import EndMarker, build_marker
from minikafka.types import CONSUMER_OFFSETS_TOPIC, TopicPartition

MEMORY = TopicPartition(CONSUMER_OFFSETS_TOPIC, 0)


@dataclass(frozen=True, slots=True)
class Say(Request):
    """Remember words; none only asks what is remembered, `wait` asks to be answered with the next one."""

    words: tuple[str, ...] = ()
    producer: int = -1


@dataclass(frozen=True, slots=True)
class Said(Response):
    error: ErrorCode
    words: tuple[str, ...] = ()


class Parrot:
    """A shard that remembers what it was told, in order."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.waiting: list[int] = []
        self.ended: list[tuple[int, bool]] = []

    def replay(self, record, producer_id):
        self.words.append(record.value.decode() + (f" of {producer_id}" if producer_id >= 0 else ""))

    def replay_marker(self, producer_id, commit):
        self.ended.append((producer_id, commit))
        return (facts.OffsetsForgotten("g", (), "aborted"),)

    def loaded(self, now):
        return CoordinatorResult((), None, wakes=(Wake(1_000, "squawk"),))

    def handle(self, request, ticket, now):
        if request.words == ("wait",):
            self.waiting.append(ticket)
            return NOTHING
        records = tuple(KeyedRecord(b"word", word.encode()) for word in request.words)
        answer = Said(ErrorCode.NONE, (*self.words, *request.words))
        producer = ProducerStamp(request.producer, 0) if request.producer >= 0 else None
        others = tuple((number, answer) for number in self.waiting)
        wakes = (Wake(70, "alarm"),) if "alarm" in request.words else ()
        return CoordinatorResult(records, answer, others, wakes=wakes, orders=request.words, producer=producer)

    def wake(self, wake, now):
        return CoordinatorResult((KeyedRecord(b"word", wake.name.encode()),), None)


class Parrots:
    name, topic = "parrots", CONSUMER_OFFSETS_TOPIC

    def make(self, partition, leader_epoch):
        return Parrot()

    def split(self, request):
        return ((("g"), request),)

    def join(self, request, answers):
        return answers[0]

    def refuse(self, request, error):
        return Said(error)


class Stage:
    """Broker 1 leads a partition with replicas 1 and 2, and hosts a parrot on it."""

    def __init__(self, min_isr: int = 1, isr=(1, 2)) -> None:
        self.image = MetadataImage()
        config = ServerConfig(min_insync_replicas=min_isr)
        self.replicas = ReplicaManager(1, config, MemoryDisk(), self.image, lambda: 0)
        self.host = CoordinatorHost(Parrots(), self.replicas)
        self.sent: list[Said] = []
        self.told: list[facts.Fact] = []
        self.timers: list[SetTimer] = []
        self.change(TopicRecord(MEMORY.topic, "id"), PartitionRecord(MEMORY.topic, 0, (1, 2), isr, 1))

    def change(self, *records) -> None:
        for record in records:
            self.image.replay(record)
            self.image.next_offset += 1
        self.note(self.replicas.apply_image(0) + self.host.apply_image(0))

    def note(self, effects):
        self.sent += [one.envelope.message for one in effects if isinstance(one, Send) and one.envelope.is_response]
        self.told += [one.fact for one in effects if isinstance(one, Observe)]
        self.timers += [one for one in effects if isinstance(one, SetTimer)]

    def fire(self, what: str, now: int = 0) -> None:
        due = [one for one in self.timers if one.timer.name == f"parrots/{what}"]
        self.timers = [one for one in self.timers if one not in due]
        for one in due:
            self.note(self.host.fire(one.timer, now))

    def say(self, *words, producer=-1, source="client-A") -> None:
        self.note(self.host.serve(Envelope(source, "broker-1", Say(words, producer), 1), 0))

    def follower_has(self, offset: int) -> None:
        self.replicas.partitions[MEMORY].record_follower_fetch(2, offset, 0, 0, 0)
        self.note(self.host.settle(0))

    @property
    def parrot(self) -> Parrot:
        return self.host.led[MEMORY].shard


def ready(**changes) -> Stage:
    stage = Stage(**changes)
    stage.fire("load")
    return stage


def test_a_fresh_leader_loads_before_it_serves():
    stage = Stage()
    assert [one.after_ms for one in stage.timers] == [LOADING_MS]
    stage.say("hello")
    assert stage.sent == [Said(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)]
    stage.fire("load")
    assert facts.CoordinatorLoaded(MEMORY, 0) in stage.told
    stage.say("hello")
    assert stage.parrot.words == ["hello"]


def test_an_answer_waits_for_the_high_watermark():
    stage = ready()
    stage.say("tea")
    assert (stage.sent, stage.host.orders) == ([], [])
    stage.follower_has(1)
    assert (stage.sent, stage.host.orders) == ([Said(ErrorCode.NONE, ("tea",))], ["tea"])


def test_a_read_waits_for_what_it_has_seen():
    stage = ready()
    stage.say("tea")
    stage.say()
    assert stage.sent == [], "what it read may yet be lost"
    stage.follower_has(1)
    assert stage.sent == [Said(ErrorCode.NONE, ("tea",)), Said(ErrorCode.NONE, ("tea",))]
    stage.say()
    assert len(stage.sent) == 3, "all is committed: answered at once"


def test_a_parked_request_is_answered_with_a_later_result():
    stage = ready()
    stage.say("wait", source="client-B")
    stage.say("tea")
    stage.follower_has(1)
    assert stage.sent == [Said(ErrorCode.NONE, ("tea",))] * 2


def test_a_client_that_is_gone_is_not_answered():
    stage = ready()
    stage.say("wait", source="client-B")
    stage.host.connection_lost("client-B")
    stage.say("tea")
    stage.follower_has(1)
    assert len(stage.sent) == 1


def test_whoever_loses_the_lead_forgets_and_says_so():
    stage = ready()
    stage.say("wait")
    stage.say("tea")
    stage.change(PartitionChangeRecord(MEMORY.topic, 0, leader=2))
    assert stage.sent == [Said(ErrorCode.NOT_COORDINATOR)] * 2
    assert facts.CoordinatorUnloaded(MEMORY) in stage.told
    stage.say("milk")
    assert stage.sent[2:] == [Said(ErrorCode.NOT_COORDINATOR)]


def test_the_next_leader_reads_it_all_again():
    stage = ready()
    stage.say("tea")
    stage.say("milk", producer=7)
    stage.change(PartitionChangeRecord(MEMORY.topic, 0, leader=2))
    stage.change(PartitionChangeRecord(MEMORY.topic, 0, leader=1))
    stage.fire("load")
    assert stage.parrot.words == ["tea", "milk of 7"]


def test_too_few_in_sync_and_nothing_has_happened():
    stage = ready(min_isr=2, isr=(1,))
    stage.say("tea")
    assert stage.sent == [Said(ErrorCode.COORDINATOR_NOT_AVAILABLE)]
    assert stage.parrot.words == []


def test_the_wait_is_bounded_and_the_record_stays():
    stage = ready()
    stage.say("tea")
    stage.fire("commit-timeout", now=5_000)
    assert stage.sent == [Said(ErrorCode.COORDINATOR_NOT_AVAILABLE)]
    assert stage.parrot.words == ["tea"]
    stage.follower_has(1)
    assert len(stage.sent) == 1
    assert stage.host.orders == ["tea"], "it is committed after all"


def test_a_marker_in_the_log_reaches_the_shard():
    stage = ready()
    stage.say("milk", producer=7)
    batch = build_marker(EndMarker(False, 3), 0, 7, 0)
    stage.replicas.append_for_coordinator(MEMORY, batch, 0)
    stage.note(stage.host.settle(0))
    assert stage.parrot.ended == [(7, False)]
    stage.follower_has(1)
    assert not [fact for fact in stage.told if isinstance(fact, facts.OffsetsForgotten)]
    stage.follower_has(2)
    assert [fact for fact in stage.told if isinstance(fact, facts.OffsetsForgotten)]


def test_timers_wake_the_shard_that_set_them():
    stage = ready()
    stage.fire("squawk")
    assert stage.parrot.words == ["squawk"]


def test_what_could_not_be_written_when_a_timer_came_is_tried_again():
    stage = ready(min_isr=2, isr=(1,))
    host = stage.host
    for again_ms in (0, 500):
        stage.timers = []
        stage.note(host.prompt(MEMORY, 0, Wake(9, "squawk", again_ms=again_ms), 0))
        assert [one.after_ms for one in stage.timers] == [again_ms] * bool(again_ms)
    stage.change(PartitionChangeRecord(MEMORY.topic, 0, isr=(1, 2)))
    assert stage.parrot.words == []
    stage.fire("squawk", now=500)
    assert stage.parrot.words == ["squawk"]
    assert [one for one in stage.timers if one.timer.name == "parrots/squawk"] == []


def test_a_timer_is_set_even_if_nothing_could_be_written():
    """What is only memory, a member's watch, goes on: the shard thinks that it has set it."""
    stage = ready(min_isr=2, isr=(1,))
    stage.timers = []
    stage.say("tea", "alarm")
    assert stage.sent == [Said(ErrorCode.COORDINATOR_NOT_AVAILABLE)]
    assert [(one.timer.name, one.after_ms) for one in stage.timers] == [("parrots/alarm", 70)]


def test_timers_of_an_earlier_term_are_stale():
    stage = ready()
    stale = [one for one in stage.timers if one.timer.name == "parrots/squawk"]
    stage.timers = []
    stage.change(PartitionChangeRecord(MEMORY.topic, 0, leader=1))
    stage.fire("load")
    stage.timers = stale
    stage.fire("squawk")
    assert stage.parrot.words == []
