"""A follower names to its leader only what has changed (KIP-227), and the two cores cannot tell."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from adapter_kit import ORDERS_ID
from server_under_test import PATIENCE_S, run_alone

from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import RemoveTopicRecord, TopicRecord
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, FetchPartition, FetchPartitionResult, FetchRequest, FetchResponse
from minikafka.protocol.records import build_batch
from minikafka.server import adapters, codec, peer_responses
from minikafka.server.fetch_sessions import SLOTS, FetchSessions
from minikafka.server.peer_sessions import PeerSession, is_of_follower
from minikafka.server.peers import Peers
from minikafka.server.view import Ask, View
from minikafka.types import METADATA_PARTITION, TopicPartition

FETCH, VERSION = 1, 18
RECORD = build_batch([(0, None, b"tea", ())]).data
NONE = ErrorCode.NONE


def cluster(*topics: str) -> View:
    image = MetadataImage()
    for number, topic in enumerate(topics):
        image.replay(TopicRecord(topic, f"{int(ORDERS_ID, 16) + number:032x}"))
    return View(image, "a-cluster")


def make_anew(view: View, topic: str) -> None:
    old = view.image.topics[topic].topic_id
    view.image.replay(RemoveTopicRecord(topic, old))
    view.image.replay(TopicRecord(topic, f"{int(old, 16) + 1_000:032x}"))


class Leader:
    """A leader's half: its sessions, and a log of each partition as far as a fetch can see it."""

    def __init__(self, view: View, slots: int = SLOTS) -> None:
        self.view = view
        self.sessions = FetchSessions(lambda: 0, Random(1), slots)
        self.logs: dict[TopicPartition, FetchPartitionResult] = {}
        self.named: list[list[str]] = []
        """Of each request: the partitions that stand in it, and after a minus those that it forgets."""
        self.asked: FetchRequest | None = None
        """What its core was asked for last; None where it was not asked."""
        self.whole = FetchResponse(())
        """What it would have said without a session."""

    def has(self, *names: str, **parts: Any) -> None:
        """The same for some partitions, `topic-0`."""
        for one in map(partition, names):
            known = self.logs.get(one, FetchPartitionResult(one, NONE, 0, 0))
            self.logs[one] = dataclasses.replace(known, **parts)

    def answer(self, data: bytes) -> bytes:
        """From bytes to bytes, as `frontend.py` does it."""
        body = codec.decode(FETCH, VERSION, "request", data)
        forgotten = ["-" + one for one in self._names(body["forgotten_topics_data"])]
        self.named.append(self._names(body["topics"]) + forgotten)
        body, exchange = self.sessions.begin(body, VERSION)
        if exchange is None:
            self.asked = None
            return b"".join(codec.encode(FETCH, VERSION, "response", body))
        ask = Ask(VERSION, body, self.view, trusts_replicas=True)
        asked = adapters.request_to_core(FETCH, ask)
        assert isinstance(asked, FetchRequest)
        self.asked = asked
        found = [dataclasses.replace(self.logs[one.partition], partition=one.partition) for one in asked.partitions]
        self.whole = FetchResponse(tuple(found))
        answer = self.sessions.end(adapters.response_to_wire(FETCH, self.whole, ask), exchange)
        return b"".join(codec.encode(FETCH, VERSION, "response", answer))

    def _names(self, topics: list[Any]) -> list[str]:
        return [
            f"{self.view.topic_name(topic['topic_id'].hex())}-{one if isinstance(one, int) else one['partition']}"
            for topic in topics
            for one in topic["partitions"]
        ]


def partition(name: str) -> TopicPartition:
    topic, _, number = name.rpartition("-")
    return TopicPartition(topic, int(number))


class Follower:
    """A follower's half, and the offsets from which its core asks."""

    def __init__(self, view: View, *names: str) -> None:
        self.view = view
        self.session = PeerSession()
        self.wants = {partition(name): FetchPartition(partition(name), 0, 1) for name in names}

    def fetch(self, leader: Leader, lost: str = "") -> FetchResponse | None:
        """One exchange; `lost`: the connection breaks before the question has come, or before the answer has."""
        request = FetchRequest(2, tuple(self.wants.values()), 77, 500, 1)
        data = b"".join(codec.encode(FETCH, VERSION, "request", self.session.question(request, self.view)))
        answer = None if lost == "question" else leader.answer(data)
        if answer is None or lost == "answer":
            self.session.begin_anew()
            return None
        if leader.asked is not None:
            assert_same_question(leader.asked, request)
        body = codec.decode(FETCH, VERSION, "response", answer)
        response = peer_responses.response_in(request, body, self.view)
        assert isinstance(response, FetchResponse)
        return self.session.answer(response, body)


def assert_same_question(came: FetchRequest, sent: FetchRequest) -> None:
    """The leader's core is asked for what the follower's core has asked for; the order may be another."""
    assert sorted(came.partitions, key=lambda one: one.partition) == sorted(
        sent.partitions, key=lambda one: one.partition
    )
    assert dataclasses.replace(came, partitions=()) == dataclasses.replace(sent, partitions=())


def marks(response: FetchResponse | None) -> dict[str, int]:
    """High watermarks of what stands in an answer."""
    assert response is not None
    return {str(one.partition): one.high_watermark for one in response.partitions}


def pair(*names: str, slots: int = SLOTS) -> tuple[Leader, Follower]:
    view = cluster(*sorted({name.rpartition("-")[0] for name in names}))
    leader = Leader(view, slots)
    leader.has(*names, high_watermark=5)
    return leader, Follower(view, *names)


# --- what is named, and what is told ---


def test_a_follower_names_its_partitions_once_and_then_those_that_moved() -> None:
    leader, follower = pair("a-0", "a-1", "b-0")
    assert marks(follower.fetch(leader)) == {"a-0": 5, "a-1": 5, "b-0": 5}
    assert marks(follower.fetch(leader)) == {}
    leader.has("a-1", high_watermark=6, records=RECORD)
    assert marks(follower.fetch(leader)) == {"a-1": 6}
    leader.has("a-1", records=b"")
    follower.wants[partition("a-1")] = FetchPartition(partition("a-1"), 6, 1)
    follower.fetch(leader)
    assert leader.named == [["a-0", "a-1", "b-0"], [], [], ["a-1"]]


def test_partitions_come_and_go() -> None:
    leader, follower = pair("a-0", "a-1")
    follower.fetch(leader)
    leader.has("a-2", high_watermark=9)
    follower.wants[partition("a-2")] = FetchPartition(partition("a-2"), 0, 1)
    assert marks(follower.fetch(leader)) == {"a-2": 9}
    del follower.wants[partition("a-1")]
    leader.has("a-1", high_watermark=6)
    assert marks(follower.fetch(leader)) == {}
    assert leader.named[1:] == [["a-2"], ["-a-1"]]


def test_a_topic_that_was_made_anew_is_another_one() -> None:
    leader, follower = pair("a-0", "b-0")
    follower.fetch(leader)
    make_anew(leader.view, "a")
    assert marks(follower.fetch(leader)) == {"a-0": 5}
    assert [one.partition for one in leader.asked.partitions] == [partition("b-0"), partition("a-0")]  # type: ignore[union-attr]


def test_a_new_question_is_answered_though_the_leader_has_said_it_before() -> None:
    """It may have been told to a follower that had no use for it, for its log was just cut, or its epoch was over."""
    leader, follower = pair("a-0", "b-0")
    follower.fetch(leader)
    follower.wants[partition("a-0")] = FetchPartition(partition("a-0"), 0, 2)
    assert marks(follower.fetch(leader)) == {"a-0": 5}


# --- when one of the two has forgotten ---


def test_a_leader_that_has_forgotten_is_told_everything_again() -> None:
    leader, follower = pair("a-0", "b-0")
    follower.fetch(leader)
    leader.sessions.sessions.clear()  # it was restarted, or somebody else got the place
    assert marks(follower.fetch(leader)) == {}
    assert marks(follower.fetch(leader)) == {"a-0": 5, "b-0": 5}
    assert leader.named == [["a-0", "b-0"], [], ["a-0", "b-0"]]
    assert len(leader.sessions.sessions) == 1


def test_a_leader_that_counts_otherwise_is_told_everything_and_its_session_ends() -> None:
    leader, follower = pair("a-0")
    follower.fetch(leader)
    (session,) = leader.sessions.sessions.values()
    session.epoch += 1
    assert marks(follower.fetch(leader)) == {}
    assert marks(follower.fetch(leader)) == {"a-0": 5}
    assert [one.id for one in leader.sessions.sessions.values()] != [session.id]
    assert len(leader.sessions.sessions) == 1


@pytest.mark.parametrize("lost", ["question", "answer"])
def test_after_a_broken_connection_everything_is_named_and_the_old_session_ends(lost: str) -> None:
    leader, follower = pair("a-0", "b-0")
    follower.fetch(leader)
    leader.has("a-0", high_watermark=6)
    follower.fetch(leader, lost=lost)
    assert marks(follower.fetch(leader)) == {"a-0": 6, "b-0": 5}
    assert len(leader.sessions.sessions) == 1


def test_where_there_is_no_room_for_a_session_everything_is_named_each_time() -> None:
    leader, follower = pair("a-0", slots=1)
    Follower(leader.view, "a-0").fetch(leader)
    for _ in range(3):
        assert marks(follower.fetch(leader)) == {"a-0": 5}
    assert leader.named == [["a-0"]] * 4


def test_readers_of_the_metadata_log_have_no_session() -> None:
    assert not is_of_follower(FetchRequest(2, (FetchPartition(METADATA_PARTITION, 0),)))
    assert is_of_follower(FetchRequest(2, (FetchPartition(partition("a-0"), 0),)))


# --- the same answers as without ---


class Chance:
    """Moves logs, followers, topics, sessions at random; knows what a core was told of each question."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.names = [f"{topic}-{number}" for topic in "abc" for number in range(4)]
        self.leader, self.follower = pair(*self.names)
        self.told: dict[TopicPartition, tuple[FetchPartition, str, FetchPartitionResult]] = {}

    def happen(self) -> None:
        one = partition(self.random.choice(self.names))
        what: dict[Callable[[TopicPartition], None], int] = {
            self._write: 6, self._move_mark: 6, self._follow: 10, self._fail: 2, self._heal: 4, self._part: 2,
            self._come_or_go: 3, self._lose: 1, self._anew: 1,
        }  # fmt: skip
        self.random.choices(list(what), list(what.values()))[0](one)

    def _write(self, one: TopicPartition) -> None:
        self.leader.has(str(one), records=RECORD)

    def _move_mark(self, one: TopicPartition) -> None:
        self.leader.has(str(one), high_watermark=self.leader.logs[one].high_watermark + 1)

    def _follow(self, one: TopicPartition) -> None:
        """It has taken what it was told, or has read that there is another epoch: a new question."""
        if one in self.follower.wants:
            asked = self.follower.wants[one]
            step, epochs = self.random.choice([(1, 0), (-1, 0), (0, 1)])
            self.follower.wants[one] = dataclasses.replace(
                asked,
                fetch_offset=asked.fetch_offset + step,
                current_leader_epoch=asked.current_leader_epoch + epochs,
            )
            self.leader.has(str(one), records=b"", diverging_epoch=-1, diverging_end_offset=-1)

    def _fail(self, one: TopicPartition) -> None:
        self.leader.has(str(one), error=ErrorCode.FENCED_LEADER_EPOCH, records=b"")

    def _heal(self, one: TopicPartition) -> None:
        self.leader.has(str(one), error=NONE)

    def _part(self, one: TopicPartition) -> None:
        self.leader.has(str(one), diverging_epoch=3, diverging_end_offset=self.random.randrange(9), records=b"")

    def _come_or_go(self, one: TopicPartition) -> None:
        if self.follower.wants.pop(one, None) is None:
            self.follower.wants[one] = FetchPartition(one, 0, 1)

    def _lose(self, _: TopicPartition) -> None:
        sessions = self.leader.sessions.sessions
        if self.random.random() < 0.5:
            sessions.clear()
        for session in sessions.values():
            session.epoch += 1

    def _anew(self, one: TopicPartition) -> None:
        make_anew(self.leader.view, one.topic)

    def exchange(self) -> None:
        lost = self.random.choices(["", "question", "answer"], [20, 1, 1])[0]
        response = self.follower.fetch(self.leader, lost)
        if response is None or self.leader.asked is None:
            return
        given = {one.partition: one for one in response.partitions}
        assert len(given) == len(response.partitions), "no partition is told of twice"
        for whole in self.leader.whole.partitions:
            question, topic_id = self.follower.wants[whole.partition], self.leader.view.topic_id(whole.partition.topic)
            if whole.partition not in given:
                assert self.told[whole.partition] == (question, topic_id, whole), "left out, and not known"
                continue
            assert given.pop(whole.partition) == whole
            self.told[whole.partition] = (question, topic_id or "", whole)
        assert not given, "nothing was asked for"


@pytest.mark.parametrize("seed", range(40))
def test_the_core_is_told_what_it_would_be_told_without_a_session(seed: int) -> None:
    chance = Chance(seed)
    for _ in range(120):
        for _ in range(chance.random.randrange(3)):
            chance.happen()
        chance.exchange()
    most = sum(len(names) for names in chance.leader.named)
    assert most < 120 * len(chance.names) / 2, "sessions save something"


# --- over connections ---


class Served(asyncio.Protocol):
    """A leader at the other end of a connection."""

    def __init__(self, leader: Leader, open_ones: list[asyncio.Transport]) -> None:
        self.leader = leader
        self.open_ones = open_ones
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.open_ones.append(transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        while len(self.received) >= 4 and len(self.received) >= (end := 4 + int.from_bytes(self.received[:4], "big")):
            frame, self.received = self.received[4:end], self.received[end:]
            header, start = codec.decode_request_header(frame)
            message = header.correlation_id.to_bytes(4, "big") + b"\0" + self.leader.answer(frame[start:])
            self.transport.write(len(message).to_bytes(4, "big") + message)


async def over_two_connections(leader: Leader, follower: Follower) -> list[dict[str, int]]:
    """Two fetches, a connection that breaks between them and the next, and two more."""
    open_ones: list[asyncio.Transport] = []
    answers: asyncio.Queue[Envelope | str] = asyncio.Queue()
    server = await asyncio.get_running_loop().create_server(lambda: Served(leader, open_ones), "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    peers = Peers("broker-2", {"broker-1": address}, lambda: follower.view, answers.put_nowait, answers.put_nowait)
    told = []
    for number in range(4):
        if number == 2:
            open_ones.pop().abort()
            await asyncio.sleep(0)
        request = FetchRequest(2, tuple(follower.wants.values()), 77, 500, 1)
        answer: Envelope | str = "broker-1"
        while answer == "broker-1":  # told that the connection broke while this one was under way
            peers.send(Envelope("broker-2", "broker-1", request, 100 + number, "replica-fetcher-1"))
            answer = await asyncio.wait_for(answers.get(), PATIENCE_S)
        assert isinstance(answer, Envelope) and isinstance(answer.message, FetchResponse)
        told.append(marks(answer.message))
    for one in open_ones:
        one.close()
    server.close()
    await server.wait_closed()
    return told


def test_a_session_is_begun_anew_on_a_new_connection() -> None:
    leader, follower = pair("a-0", "b-0")
    everything = {"a-0": 5, "b-0": 5}
    assert run_alone(over_two_connections(leader, follower)) == [everything, {}, everything, {}]
    assert leader.named == [["a-0", "b-0"], [], ["a-0", "b-0"], []]
    assert len(leader.sessions.sessions) == 1
