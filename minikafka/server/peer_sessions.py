"""The follower's half of a fetch session: it tells each leader only what has changed since it asked last (KIP-227).

The problem: a follower of forty partitions names forty of them for each record that one of them gets. The idea: the
leader remembers them (`fetch_sessions.py`), and both speak of news only. The core knows of neither half:

    the core asks              over the wire                          the core is answered
    a at 5, b at 0, c at 7     session 0, epoch 0: a, b, c            a, b, c
    a at 9, b at 0, c at 7     session 7, epoch 1: a at 9             a, and what is new in b and c
    a at 9, b at 0             session 7, epoch 2: not c any more     what is new in a and b
    a at 9, b at 0             session 7, epoch 3                     nothing: FETCH_SESSION_ID_NOT_FOUND
    a at 9, b at 0             session 0, epoch 0: a, b               a, b

Invariants:

- What is left out of an answer, the core has been told before, in answer to the same question. To a new question the
  leader may say nothing, for it has told another one the same: then the core is answered from memory.
- When a connection breaks nobody knows which of the last two epochs the leader has seen: the next fetch names
  everything, and ends the session that was.

Mirrors `FetchSessionHandler`. What we leave out: sessions of those who read the metadata log; Kafka has none there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, TypeGuard

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import FetchPartition, FetchPartitionResult, FetchRequest, FetchResponse, Message
from minikafka.server.compiler import Body
from minikafka.server.fetch_sessions import INITIAL_EPOCH, NO_SESSION, next_epoch
from minikafka.server.peer_requests import fetch, topic_id
from minikafka.server.view import View
from minikafka.types import METADATA_PARTITION, Offset, TopicPartition

Place: TypeAlias = tuple[bytes, TopicPartition]
"""The topic's id as well: one that was deleted and made anew is another one."""


def is_of_follower(message: Message) -> TypeGuard[FetchRequest]:
    """Is this a fetch of partitions, and not of the metadata log?"""
    return isinstance(message, FetchRequest) and all(one.partition != METADATA_PARTITION for one in message.partitions)


class PeerSession:
    """What one follower and one leader remember of each other, as the follower sees it."""

    def __init__(self) -> None:
        self.id = NO_SESSION
        self.epoch = INITIAL_EPOCH
        self._asked: dict[Place, FetchPartition] = {}
        """What the leader remembers."""
        self._named: set[TopicPartition] = set()
        """Partitions of the fetch that is under way whose question is new."""
        self._told: dict[TopicPartition, tuple[Offset, Offset]] = {}
        """(high watermark, log start) as the leader has told them last."""

    def begin_anew(self) -> None:
        """Name everything next time; a session that there may be ends with that."""
        self.epoch = INITIAL_EPOCH
        self._asked, self._told = {}, {}

    def question(self, request: FetchRequest, view: View) -> Body:
        """The wire's form of a fetch."""
        ids = {topic: topic_id(topic, view) for topic in {one.partition.topic for one in request.partitions}}
        asked = {(ids[one.partition.topic], one.partition): one for one in request.partitions}
        news = tuple(one for place, one in asked.items() if self._asked.get(place) != one)
        forgotten = self._asked.keys() - asked.keys()
        for _, name in forgotten:
            self._told.pop(name, None)
        self._asked, self._named = asked, {one.partition for one in news}
        number = {"session_id": self.id, "session_epoch": self.epoch}
        return fetch(replace(request, partitions=news), view) | number | {"forgotten_topics_data": _left(forgotten)}

    def answer(self, response: FetchResponse, body: Body) -> FetchResponse:
        """What the leader has said, and what it has said before to questions that are new."""
        if body["error_code"] != ErrorCode.INVALID_FETCH_SESSION_EPOCH:
            self.id = body["session_id"]
        if body["error_code"] != ErrorCode.NONE or self.id == NO_SESSION:
            self.begin_anew()
            return response
        self.epoch = next_epoch(self.epoch)
        for one in response.partitions:
            self._named.discard(one.partition)
            self._told[one.partition] = one.high_watermark, one.log_start_offset
        unsaid = sorted(self._named & self._told.keys())
        return FetchResponse(response.partitions + tuple(self._from_memory(name) for name in unsaid))

    def _from_memory(self, name: TopicPartition) -> FetchPartitionResult:
        return FetchPartitionResult(name, ErrorCode.NONE, *self._told[name])


def _left(places: set[Place]) -> list[Body]:
    return [{"topic_id": topic, "partitions": [name.partition]} for topic, name in sorted(places)]
