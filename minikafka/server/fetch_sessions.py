"""Fetch sessions: a reader names its partitions once, and is told only what has changed (KIP-227).

The problem: a reader of a thousand quiet partitions names all of them in each request, and is told of each that nothing
has come. The idea: both remember the last exchange, under a number, and say what is new.

    session 0, epoch 0: a, b, c at ...       →  session 7: a, b, c
    session 7, epoch 1: a at 10, not c       →  session 7: what is new in a, b
    session 7, epoch 1 again                 →  INVALID_FETCH_SESSION_EPOCH: one of the two has missed something

This file stands between the wire's dictionaries and the adapters: the core is always asked for everything.

- A partition is left out of an answer only if its high watermark and log start are what was told last, there are no
  records, no error, no better replica and no divergence. After an error it is told again.
- Partitions that had records go to the end, so that one busy partition does not starve the others.
- Epoch -1 ends a session and opens none; epoch 0 ends it and opens another. Both are answered in full.
- At most `slots` sessions; a new one takes the place of one that was not used for `EVICTION_MS`, or is not opened, and
  the reader then names everything each time.

Mirrors `FetchManager`, `FetchSession`, `FetchSessionCache`. What we leave out: replicas go first, a larger session may
take the place of a smaller one, shards of the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from random import Random
from typing import TypeAlias

from minikafka.config import MAX_INT
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.types import Millis

INITIAL_EPOCH = 0
FINAL_EPOCH = -1
NO_SESSION = 0
SLOTS = 1_000
"""`max.incremental.fetch.session.cache.slots`"""
EVICTION_MS: Millis = 120_000
"""`min.incremental.fetch.session.eviction.ms`"""
FIRST_VERSION_WITH_IDS = 13

Place: TypeAlias = tuple[str, bytes, int]
"""(name, id, partition); of name and id the one that the version carries."""


@dataclass(slots=True)
class Remembered:
    """One partition of a session."""

    wanted: Body
    """What the reader asked for last."""
    told: tuple[int, int] | None = None
    """(high watermark, log start) as they were told last; None: tell them again."""


@dataclass(slots=True)
class Session:
    """One reader."""

    id: int
    epoch: int
    """What its next request must say."""
    by_id: bool
    """Topics are named by id."""
    partitions: dict[Place, Remembered]
    used_ms: Millis


@dataclass(frozen=True, slots=True)
class Exchange:
    """A fetch under way: the session it belongs to, if any."""

    session: Session | None
    is_full: bool = True


class FetchSessions:
    """The sessions of one broker."""

    def __init__(self, now: Callable[[], Millis], random: Random, slots: int = SLOTS) -> None:
        self.sessions: dict[int, Session] = {}
        self._now = now
        self._random = random
        self._slots = slots

    def begin(self, body: Body, version: int) -> tuple[Body, Exchange | None]:
        """A request as if it named everything, and its exchange; or the answer that refuses it, and None."""
        by_id, epoch = version >= FIRST_VERSION_WITH_IDS, body["session_epoch"]
        if epoch in (INITIAL_EPOCH, FINAL_EPOCH):
            self.sessions.pop(body["session_id"], None)
            return body, Exchange(self._open(body, by_id) if epoch == INITIAL_EPOCH else None)
        session = self.sessions.get(body["session_id"])
        refused = refusal(session, epoch, by_id)
        if session is None or refused:
            return {"error_code": refused, "session_id": NO_SESSION, "responses": []}, None
        session.epoch = next_epoch(epoch)
        session.used_ms = self._now()
        update(session, body)
        if not session.partitions:
            del self.sessions[session.id]
            return body | {"topics": []}, Exchange(None)
        return body | {"topics": topics_of(session)}, Exchange(session, is_full=False)

    def end(self, answer: Body, exchange: Exchange) -> Body:
        """The answer with the session's number, without what the reader knows already."""
        session = exchange.session
        if session is None:
            return answer
        topics = []
        for topic in answer["responses"]:
            news = [one for one in topic["partitions"] if self._is_news(one, topic, session) or exchange.is_full]
            if news:
                topics.append(topic | {"partitions": news})
        return answer | {"session_id": session.id, "responses": topics}

    def _is_news(self, result: Body, topic: Body, session: Session) -> bool:
        place = place_of(topic, result["partition_index"], session.by_id)
        remembered = session.partitions.get(place)
        if remembered is None:
            return True
        news = is_news(result, remembered.told)
        failed = result["error_code"] != ErrorCode.NONE
        remembered.told = None if failed else (result["high_watermark"], result["log_start_offset"])
        if result["records"]:
            session.partitions[place] = session.partitions.pop(place)
        return news

    def _open(self, body: Body, by_id: bool) -> Session | None:
        if not self._make_room():
            return None
        number = self._random.randint(1, MAX_INT)
        while number in self.sessions:
            number = self._random.randint(1, MAX_INT)
        session = Session(number, INITIAL_EPOCH + 1, by_id, {}, self._now())
        update(session, body)
        self.sessions[number] = session
        return session

    def _make_room(self) -> bool:
        if len(self.sessions) < self._slots:
            return True
        oldest = min(self.sessions.values(), key=lambda session: session.used_ms)
        if self._now() - oldest.used_ms <= EVICTION_MS:
            return False
        del self.sessions[oldest.id]
        return True


def refusal(session: Session | None, epoch: int, by_id: bool) -> int:
    """Why a request cannot go on with a session; 0 if it can."""
    if session is None:
        return ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    if session.epoch != epoch:
        return ErrorCode.INVALID_FETCH_SESSION_EPOCH
    # KIP-516: ids and names do not mix within a session
    return ErrorCode.NONE if session.by_id == by_id else ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR


def next_epoch(epoch: int) -> int:
    """It goes round, past 0, which would begin anew."""
    return INITIAL_EPOCH + 1 if epoch == MAX_INT else epoch + 1


def place_of(topic: Body, partition: int, by_id: bool) -> Place:
    """Under which key a session keeps a partition."""
    return ("", topic["topic_id"], partition) if by_id else (topic["topic"], b"", partition)


def update(session: Session, body: Body) -> None:
    """Take in what a request asks for, and let go what it forgets."""
    for topic in body["topics"]:
        for wanted in topic["partitions"]:
            place = place_of(topic, wanted["partition"], session.by_id)
            if place in session.partitions:
                session.partitions[place].wanted = wanted
            else:
                session.partitions[place] = Remembered(wanted)
    for topic in body["forgotten_topics_data"]:
        for number in topic["partitions"]:
            session.partitions.pop(place_of(topic, number, session.by_id), None)


def topics_of(session: Session) -> list[Body]:
    """Everything a session reads, as a request names it."""
    return list(_grouped(session))


def _grouped(session: Session) -> Iterator[Body]:
    for (name, topic_id), group in groupby(session.partitions.items(), key=lambda item: item[0][:2]):
        wanted = [remembered.wanted for _, remembered in group]
        yield {"topic": name, "topic_id": topic_id or bytes(16), "partitions": wanted}


def is_news(result: Body, told: tuple[int, int] | None) -> bool:
    """Must a partition be told of?"""
    return (
        told is None
        or bool(result["records"])
        or result["error_code"] != ErrorCode.NONE
        or told != (result["high_watermark"], result["log_start_offset"])
        or result["preferred_read_replica"] >= 0
        or result["diverging_epoch"]["epoch"] >= 0
    )
