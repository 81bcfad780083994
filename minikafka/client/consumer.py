"""The consumer: it pulls, from an offset that it alone remembers, for as long as it polls.

```
 position 3 ─▶ Fetch(offset 3, the epoch I believe in) ─▶ leader ─▶ records 3, 4 ─▶ poll returns them: position 5
                                                                     commit 5 ─▶ coordinator
```

* Reading removes nothing; the position is this consumer's own. What it commits is only a place to start again.
* Fetches, joins and commits happen inside poll; heartbeats do not wait for it.
* One timer for everything: the earliest of what its parts wait for.

The parts: `consumer_positions` (where to read), `consumer_fetching`, `consumer_commits`, `coordinator_lookup`,
`classic_membership` or `heartbeat_membership` (KIP-848), `consumer_rebalance`; `consumer_state` is what they share.

Mirrors `ClassicKafkaConsumer` and `AsyncKafkaConsumer`. What we leave out: wakeup, interceptors, metrics, longer and
longer pauses between retries (`retry.backoff.max.ms`); a KIP-848 member reconciles inside poll only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from minikafka.client import consumer_positions
from minikafka.client.classic_membership import ClassicMembership
from minikafka.client.cluster_metadata import ClusterMetadata
from minikafka.client.consumer_commits import NOBODY, Commits, Identity, Style
from minikafka.client.consumer_ending import Ending, Membership, Stage
from minikafka.client.consumer_fetching import Fetching
from minikafka.client.consumer_positions import Positions
from minikafka.client.consumer_requests import COORDINATOR, Asked, Requests
from minikafka.client.consumer_state import (
    Assigned,
    ConsumerState,
    Fetched,
    Shared,
    Subscription,
)
from minikafka.client.coordinator_lookup import CoordinatorLookup
from minikafka.client.heartbeat_membership import HeartbeatMembership
from minikafka.config import ConsumerConfig
from minikafka.effects import Effect, Observe, SetTimer, Timer
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    FindCoordinatorRequest,
    FindCoordinatorResponse,
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetFetchResponse,
    OffsetToCommit,
)
from minikafka.protocol.messages import (
    Envelope,
    FetchRequest,
    FetchResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    MetadataRequest,
    MetadataResponse,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    Response,
)
from minikafka.types import NO_EPOCH, BrokerId, Epoch, Millis, NodeId, Offset, TopicPartition, broker_node

WAKE = "consumer-wake"

__all__ = ["Assigned", "ConsumerNode", "ConsumerState", "Fetched"]


class ConsumerNode:
    """One consumer: partitions by hand, or as a member of a group."""

    def __init__(self, node: NodeId, config: ConsumerConfig, bootstrap: tuple[NodeId, ...]) -> None:
        self.id = node
        self.config = config
        self.metadata = ClusterMetadata(bootstrap)
        self.requests = Requests(node, config.request_timeout_ms)
        self.shared = Shared(node, config, self.metadata, self.requests)
        self.state = self.shared.state
        self.positions = Positions(self.shared)
        self.fetching = Fetching(self.shared, self.positions)
        self.lookup = CoordinatorLookup(config.group_id, self.requests, self.metadata, config.retry_backoff_ms)
        self.commits = Commits(self.shared, self.lookup, self.positions)
        kind = HeartbeatMembership if config.group_protocol == "consumer" else ClassicMembership
        self.membership: Membership = kind(self.shared, self.lookup, self.commits)
        self.last_ticket = 0
        self.news: MetadataResponse | None = None
        """The newest answer about the cluster."""
        self.ending = Ending(self.shared, self.commits, self.membership)
        self._most = 0
        self._fills = False
        self._metadata_due_ms: Millis = 0
        self._wake_due_ms: Millis | None = None

    @property
    def assigned(self) -> dict[TopicPartition, Assigned]:
        """The partitions it reads."""
        return self.shared.assigned

    @property
    def is_polling(self) -> bool:
        """Does the application wait for records?"""
        return self.shared.polling

    @property
    def is_closed(self) -> bool:
        """Has it left its group and stopped?"""
        return self.ending.stage == Stage.CLOSED

    @property
    def is_subscribed(self) -> bool:
        """Are its partitions given by a group, and not by hand?"""
        return not self.shared.subscription.is_empty

    # --- the application's calls: what to read ---

    def assign(self, positions: Mapping[TopicPartition, Offset | None], now: Millis) -> list[Effect]:
        """Read these partitions and no others. See `incremental_assign` for the offsets."""
        self.commits.commit_if_due(now)
        self.shared.give_up([one for one in self.assigned if one not in positions])
        self.state.buffer.clear()
        return self.incremental_assign(positions, now)

    def incremental_assign(self, positions: Mapping[TopicPartition, Offset | None], now: Millis) -> list[Effect]:
        """Read these too. None: where the group committed, else where auto.offset.reset says; -1, -2: end, start."""
        self.shared.take_up([one for one in positions if one not in self.assigned])
        for partition, offset in positions.items():
            if offset is not None:
                self._stand_at(partition, offset)
        return self._advance(now)

    def incremental_unassign(self, partitions: Iterable[TopicPartition], now: Millis) -> list[Effect]:
        """Read these no more."""
        self.shared.give_up(partitions)
        return self._advance(now)

    def subscribe(
        self, topics: tuple[str, ...], now: Millis, pattern: str = "", has_listener: bool = False
    ) -> list[Effect]:
        """Read what the group gives us of these topics. With a listener every rebalance waits for `callback_done`."""
        assert self.config.group_id, "to subscribe needs a group.id"
        self.shared.subscription = Subscription(tuple(sorted(set(topics))), pattern, has_listener)
        self.metadata.topics.update(topics)
        self.shared.metadata_wanted = True
        self.commits.auto_due_ms = now + self.config.auto_commit_interval_ms
        return self._advance(now)

    def unsubscribe(self, now: Millis) -> list[Effect]:
        """Give everything up, and leave the group."""
        self.ending.begin(now, stays=True)
        return self._advance(now)

    def seek(self, partition: TopicPartition, offset: Offset, now: Millis) -> list[Effect]:
        """Go on from another offset; -1, -2: end, start."""
        assert partition in self.assigned, f"{partition} is not assigned"
        self._stand_at(partition, offset)
        return self._advance(now)

    def pause(self, partitions: Iterable[TopicPartition], now: Millis, paused: bool = True) -> list[Effect]:
        """Hand nothing over from these partitions, or do so again; they stay ours."""
        for partition in partitions:
            self.assigned[partition].paused = paused
        return self._advance(now)

    def _stand_at(self, partition: TopicPartition, offset: Offset) -> None:
        self.shared.completed.pop(partition, None)
        self.state.errors = [one for one in self.state.errors if one.partition != partition]
        if offset < 0:
            self.assigned[partition].reset(offset)
        else:
            self.assigned[partition].move(offset, NO_EPOCH)

    # --- the application's calls: records, commits, questions ---

    def poll(self, polling: bool, now: Millis, most: int | None = None) -> list[Effect]:
        """The application waits for records from now on, or no longer does.

        Poll returns, with records in `state.buffer`, as soon as there are any; with `most`, once there are so many.
        Whoever polls again has taken what the last poll returned.
        """
        self.shared.polling = self.shared.listening = polling
        self._most, self._fills = most or self.config.max_poll_records, most is not None
        if polling:
            self.state.buffer.clear()
            self.state.errors.clear()
            self.positions.tell_again()
            self.membership.tell_again()
        return self._advance(now)

    def callback_done(self, now: Millis) -> list[Effect]:
        """The rebalance listener has returned."""
        return self.membership.turns.callback_done() + self._advance(now)

    def commit(
        self, offsets: Mapping[TopicPartition, OffsetToCommit] | None, is_async: bool, now: Millis
    ) -> list[Effect]:
        """Commit these offsets, or all positions; what became of it comes in `state.commits` under `last_ticket`."""
        self.last_ticket += 1
        wanted = dict(offsets) if offsets is not None else self.commits.consumed()
        self.commits.commit(wanted, Style.ASYNC if is_async else Style.SYNC, self.last_ticket, now)
        return self._advance(now)

    def store(self, offsets: Mapping[TopicPartition, OffsetToCommit]) -> list[Effect]:
        """These are what the next commit without offsets commits, where `enable.auto.offset.store` is off."""
        self.commits.stored.update(offsets)
        return []

    def ask_committed(self, partitions: Iterable[TopicPartition], now: Millis) -> list[Effect]:
        """What did the group commit? The answer comes in `state.answers` under `last_ticket`."""
        self.last_ticket += 1
        self.commits.ask_committed(tuple(partitions), self.last_ticket)
        return self._advance(now)

    def look_up(self, timestamps: Mapping[TopicPartition, int], now: Millis) -> list[Effect]:
        """Which offsets have these times (-1 end, -2 start)? The answer comes under `last_ticket`."""
        self.last_ticket += 1
        self.positions.look_up(dict(timestamps), self.last_ticket, now)
        return self._advance(now)

    def learn_about(self, topics: Iterable[str], now: Millis) -> list[Effect]:
        """Ask who leads the partitions of these topics."""
        self.metadata.topics.update(topics)
        self.shared.metadata_wanted = True
        return self._advance(now)

    def forget(self, ticket: int) -> list[Effect]:
        """Nobody waits for that answer any more."""
        self.positions.forget(ticket)
        self.commits.forget(ticket)
        return []

    def lag(self, partition: TopicPartition) -> int | None:
        """How far its position is behind what it may read, as far as it knows."""
        assigned = self.assigned.get(partition)
        return None if assigned is None else consumer_positions.lag(assigned, self.config.isolation_level)

    def ask_once(
        self, broker: BrokerId, partition: TopicPartition, offset: Offset, epoch: Epoch, now: Millis
    ) -> list[Effect]:
        """One fetch to a broker of our choice with an epoch of our choice, to see what it answers."""
        return self.fetching.probe(broker_node(broker), partition, offset, epoch, now) + self._timer(now)

    def close(self, now: Millis) -> list[Effect]:
        """Commit if that is automatic, give everything up, leave the group. `is_closed` says when it is done."""
        self.ending.begin(now, stays=False)
        return self._advance(now)

    # --- the four calls of a node ---

    def start(self, now: Millis) -> list[Effect]:
        """Nothing to do before the first call."""
        return []

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """An answer to one of our requests; late ones are ignored."""
        asked = self.requests.answered(envelope.correlation_id)
        if asked is None:
            return []
        assert isinstance(envelope.message, Response), "nobody asks a client"
        return self._answered(envelope.message, asked, now) + self._advance(now)

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """The broker is gone: look who leads and coordinates now."""
        lost = self.requests.lost_with(peer)
        if peer == self.lookup.node:
            self.lookup.lost(now)
        elif not lost:
            return []
        return self._lost(lost, now) + self._advance(now)

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """A pause is over, something is due, or a request has been under way for too long."""
        if timer.guards != self._wake_due_ms:
            return []
        self._wake_due_ms = None
        return self._lost(self.requests.too_late(now), now) + self._advance(now)

    # --- answers ---

    def _answered(self, response: Response, asked: Asked, now: Millis) -> list[Effect]:
        match response:
            case FetchResponse():
                return self.fetching.fetched(response, asked, now)
            case ListOffsetsResponse():
                self.positions.offsets_found(response, asked, now)
            case OffsetForLeaderEpochResponse():
                self.positions.epochs_found(response, now)
            case FindCoordinatorResponse():
                self.lookup.found(response, now)
            case OffsetFetchResponse():
                self.commits.offsets_fetched(response, asked, now)
            case OffsetCommitResponse():
                effects, refusal = self.commits.committed(response, asked, now)
                return effects + (self.membership.commit_refused(refusal, now) if refusal else [])
            case MetadataResponse():
                return self._metadata_arrived(response, now)
            case _:
                return self.membership.answered(response, asked, now)
        return []

    def _metadata_arrived(self, news: MetadataResponse, now: Millis) -> list[Effect]:
        told = self.metadata.update(news)
        self.news = news
        self._metadata_due_ms = now + self.config.metadata_max_age_ms
        self.shared.metadata_wanted = False
        if any(topic.error != ErrorCode.NONE for topic in news.topics):
            self.shared.want_metadata(now)
        for partition, assigned in self.assigned.items():
            if self.metadata.leader_of(partition) is not None:
                assigned.retry_at_ms = 0
        return [Observe(fact) for fact in told]

    def _lost(self, lost: list[Asked], now: Millis) -> list[Effect]:
        """These will not be answered."""
        effects: list[Effect] = []
        for asked in lost:
            match asked.request:
                case FetchRequest() | ListOffsetsRequest() | OffsetForLeaderEpochRequest() as request:
                    self.positions.pause([one.partition for one in request.partitions], now)
                case OffsetCommitRequest():
                    effects += self.commits.lost(asked, now)
                case FindCoordinatorRequest():
                    self.lookup.lost(now)
                case MetadataRequest():
                    # Else a refused connection is tried again at once, and a cluster that is down is a storm.
                    self.shared.metadata_not_before_ms = now + self.config.retry_backoff_ms
            if asked.channel == COORDINATOR:
                self.lookup.lost(now)
            effects += self.membership.lost(asked, now)
        if lost:
            self.metadata.ask_another()
            self.shared.want_metadata(now)
        return effects

    # --- the one loop ---

    def _advance(self, now: Millis) -> list[Effect]:
        if self.is_closed:
            return []
        effects = self._advance_group(now)
        effects += self._refresh_metadata(now)
        effects += self.positions.advance(now)
        if self.shared.polling and not self.state.callbacks:
            effects += self._hand_over(now)
        return effects + ([] if self.is_closed else self._timer(now))

    def _advance_group(self, now: Millis) -> list[Effect]:
        effects: list[Effect] = []
        if self.ending.stage == Stage.NONE and self.is_subscribed:
            effects += self.membership.advance(now)
        if self.shared.polling and not self.state.buffer and not self.state.callbacks:
            self.commits.commit_if_due(now)
        committed = self.commits.advance(self._identity, self.membership.in_rebalance, now)
        if committed and self.ending.stage == Stage.NONE and self.is_subscribed:
            effects += committed + self.membership.advance(now)  # It may have waited for that commit.
        else:
            effects += committed
        return effects + self.ending.go_on(now)

    @property
    def _identity(self) -> Identity | None:
        return self.membership.identity if self.is_subscribed else NOBODY

    def _hand_over(self, now: Millis) -> list[Effect]:
        """Poll returns once it has something; the next fetches leave before that."""
        effects = self.fetching.collect(self._most - len(self.state.buffer))
        effects += self.fetching.fetch(now)
        if len(self.state.buffer) >= (self._most if self._fills else 1):
            self.shared.polling = self.shared.listening = False
        return effects

    def _refresh_metadata(self, now: Millis) -> list[Effect]:
        has_pattern = bool(self.shared.subscription.pattern)
        if (self.metadata.topics or has_pattern) and now >= self._metadata_due_ms:
            self.shared.metadata_wanted = True
        wanted = self.shared.metadata_wanted and now >= self.shared.metadata_not_before_ms
        if not wanted or self.requests.is_under_way(MetadataRequest):
            return []
        creates = self.config.allow_auto_create_topics
        request = MetadataRequest(None) if has_pattern else self.metadata.request(creates)
        return self.requests.send(self.metadata.whom_to_ask(), request, now)

    # --- one timer ---

    def _timer(self, now: Millis) -> list[Effect]:
        due = min((at for at in self._due_times(now) if at is not None), default=None)
        if due is None or (self._wake_due_ms is not None and self._wake_due_ms <= due):
            return []
        self._wake_due_ms = due
        return [SetTimer(Timer(WAKE, due), max(due - now, 1))]

    def _due_times(self, now: Millis) -> list[Millis | None]:
        times = [
            self.requests.next_due_ms(),
            self.positions.next_due_ms(now),
            self.commits.next_due_ms(now),
            self.lookup.next_due_ms(now),
            self.membership.next_due_ms(now) if self.is_subscribed else None,
        ]
        if self.shared.metadata_wanted and self.shared.metadata_not_before_ms > now:
            times.append(self.shared.metadata_not_before_ms)
        if self._metadata_due_ms > now:
            times.append(self._metadata_due_ms)
        return times
