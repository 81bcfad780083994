"""Members of groups that ask over the wire, one request at a time, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from answers_kit import create, metadata, names, new_topic
from server_under_test import Running, eventually

from minikafka.protocol.consumer_protocol import Assigned, Subscription, pack_assignment, pack_subscription
from minikafka.server import codec
from minikafka.types import TopicPartition

COMMIT, OFFSET_FETCH, FIND_COORDINATOR, JOIN, HEARTBEAT, LEAVE, SYNC = 8, 9, 10, 11, 12, 13, 14
DESCRIBE, LIST, DELETE, OFFSET_DELETE, CONSUMER_HEARTBEAT, CONSUMER_DESCRIBE = 15, 16, 42, 47, 68, 69
NO_OPERATIONS = {"include_authorized_operations": False}
Body = dict[str, Any]


class Desk:
    """A connection, and a name for one group and one topic that nobody else uses."""

    def __init__(self, running: Running, name: str = "", broker: int = 1) -> None:
        self.running = running
        self.wire = running.connect(broker)
        self.name = name or next(names)

    def ask(self, key: int, version: int, body: Body) -> Body:
        return self.wire.ask(key, version, body)

    def begin(self, key: int, version: int, body: Body) -> Callable[[], Body]:
        """Ask, and do not wait; call what comes back for the answer."""
        self.wire.send(codec.request_frame(key, version, 77, "test", body))
        return lambda: self.wire.answer(key, version, 77)

    def another(self) -> Desk:
        """The same names, another connection."""
        return Desk(self.running, self.name)

    def topic(self, partitions: int = 1, name: str = "") -> str:
        """A new topic, under the desk's name."""
        name = name or self.name
        assert create(self.wire, new_topic(name, partitions)) == [0]

        def is_led() -> bool:
            known = metadata(self.wire, name)["partitions"]
            return len(known) == partitions and all(one["error_code"] == 0 for one in known)

        eventually(is_led, "leaders")
        return name

    def topic_id(self) -> bytes:
        found: bytes = metadata(self.wire, self.name)["topic_id"]
        return found

    # --- the classic protocol ---

    def join_body(self, member_id: str = "", **changes: Any) -> Body:
        body = {"group_id": self.name, "session_timeout_ms": 30_000, "rebalance_timeout_ms": 30_000}
        body |= {"member_id": member_id, "protocol_type": "consumer", "protocols": subscribing("range", self.name)}
        return body | changes

    def join(self, member_id: str = "", *, version: int = 3, **changes: Any) -> Body:
        return self.ask(JOIN, version, self.join_body(member_id, **changes))

    def begin_join(self, member_id: str = "", **changes: Any) -> Callable[[], Body]:
        return self.begin(JOIN, 3, self.join_body(member_id, **changes))

    def sync_body(self, joined: Body, **changes: Any) -> Body:
        body = {"group_id": self.name, "generation_id": joined["generation_id"], "member_id": joined["member_id"]}
        body |= {"protocol_type": "consumer", "protocol_name": "range", "assignments": []}
        return body | changes

    def sync(self, joined: Body, assignment: bytes | None = None, *, version: int = 5, **changes: Any) -> Body:
        if assignment is not None:
            changes["assignments"] = [{"member_id": joined["member_id"], "assignment": assignment}]
        return self.ask(SYNC, version, self.sync_body(joined, **changes))

    def stable(self, assignment: bytes = b"A", **changes: Any) -> Body:
        """The answer of the only member's JoinGroup; it has synced."""
        joined = self.join(**changes)
        assert joined["error_code"] == 0
        synced = self.sync(joined, assignment, version=4)
        assert synced["error_code"] == 0
        return joined

    def preparing(self) -> tuple[Body, Callable[[], Body]]:
        """A stable member, and the JoinGroup of another that waits for it to join again."""
        joined = self.stable()
        other = self.another()
        waiting = other.begin_join()
        eventually(lambda: self.state() == "PreparingRebalance", "a rebalance")
        return joined, waiting

    def two(self) -> tuple[Body, Body, Desk]:
        """Both have joined; nobody has synced. The leader, the follower, and the follower's desk."""
        joined, waiting = self.preparing()
        again = self.join(joined["member_id"])
        other = waiting()
        assert again["generation_id"] == other["generation_id"]
        follower = self.another()
        return again, other, follower

    def heartbeat(self, member_id: str, generation: int, *, version: int = 4, instance: str | None = None) -> int:
        body = {"group_id": self.name, "generation_id": generation, "member_id": member_id}
        error: int = self.ask(HEARTBEAT, version, body | {"group_instance_id": instance})["error_code"]
        return error

    def beat(self, joined: Body, **changes: Any) -> int:
        return self.heartbeat(joined["member_id"], joined["generation_id"], **changes)

    def leave(self, *member_ids: str, version: int = 5) -> tuple[int, list[int]]:
        leaving = [{"member_id": one} for one in member_ids]
        answer = self.ask(LEAVE, version, {"group_id": self.name, "members": leaving})
        return answer["error_code"], [one["error_code"] for one in answer["members"]]

    def described(self, version: int = 5) -> Body:
        found: Body = self.ask(DESCRIBE, version, {"groups": [self.name]} | NO_OPERATIONS)["groups"][0]
        return found

    def state(self) -> str:
        found: str = self.described()["group_state"]
        return found

    # --- offsets ---

    def commit(
        self, offset: int = 7, generation: int = -1, member_id: str = "", *, version: int = 8, partition: int = 0,
        topic: str = "", topic_id: bytes = bytes(16), metadata: str | None = "",
    ) -> int:  # fmt: skip
        """The error of the one partition."""
        entry = {"partition_index": partition, "committed_offset": offset, "committed_metadata": metadata}
        topics = [{"name": topic or self.name, "topic_id": topic_id, "partitions": [entry]}]
        body = {"group_id": self.name, "generation_id_or_member_epoch": generation, "member_id": member_id}
        answer = self.ask(COMMIT, version, body | {"topics": topics})
        error: int = answer["topics"][0]["partitions"][0]["error_code"]
        return error

    def committed(self, *partitions: int, version: int = 8, topic: str = "", require_stable: bool = False) -> Body:
        """What OffsetFetch says of the group; of all its topics when no partition is named."""
        topics = [{"name": topic or self.name, "partition_indexes": list(partitions)}] if partitions else None
        group = {"group_id": self.name, "topics": topics}
        body = {"groups": [group], "require_stable": require_stable}
        if version < 8:
            body |= group
        answer = self.ask(OFFSET_FETCH, version, body)
        found: Body = answer["groups"][0] if version >= 8 else answer
        return found

    def offset(self, partition: int = 0, **how: Any) -> int:
        found: int = self.committed(partition, **how)["topics"][0]["partitions"][0]["committed_offset"]
        return found

    def delete_offset(self) -> tuple[int, list[int]]:
        topics = [{"name": self.name, "partitions": [{"partition_index": 0}]}]
        answer = self.ask(OFFSET_DELETE, 0, {"group_id": self.name, "topics": topics})
        return answer["error_code"], [one["error_code"] for topic in answer["topics"] for one in topic["partitions"]]

    # --- KIP-848 ---

    def consumer_heartbeat(self, member_id: str = "m", epoch: int = 0, *, version: int = 1, **changes: Any) -> Body:
        """Epoch 0 joins, with all that belongs to it; later ones say nothing new."""
        body: Body = {"group_id": self.name, "member_id": member_id, "member_epoch": epoch}
        if epoch == 0:
            body |= {"rebalance_timeout_ms": 30_000, "subscribed_topic_names": [self.name], "topic_partitions": []}
        return self.ask(CONSUMER_HEARTBEAT, version, body | changes)

    def consumer_member(self, member_id: str = "m", **changes: Any) -> Body:
        """Joined."""
        answer = self.consumer_heartbeat(member_id, **changes)
        assert answer["error_code"] == 0
        return answer

    def reconciled(self, members: Sequence[str], sizes: Sequence[int]) -> dict[str, tuple[int, list[int]]]:
        """Let the members of a group heartbeat until so many partitions are theirs: epoch and partitions of each."""
        owned: dict[str, list[int]] = {member: [] for member in members}
        epochs = dict.fromkeys(members, 0)
        topic_id = self.topic_id()

        def beat() -> bool:
            for member in members:
                owns = [{"topic_id": topic_id, "partitions": owned[member]}] if owned[member] else []
                answer = self.consumer_heartbeat(member, epochs[member], topic_partitions=owns)
                assert answer["error_code"] == 0
                epochs[member] = answer["member_epoch"]
                if answer["assignment"] is not None:
                    assigned = answer["assignment"]["topic_partitions"]
                    owned[member] = [number for topic in assigned for number in topic["partitions"]]
            all_told = sorted(map(len, owned.values())) == sorted(sizes)
            return all_told and len(set(epochs.values())) == 1

        eventually(beat, "partitions for everybody")
        return {member: (epochs[member], sorted(owned[member])) for member in members}

    def consumer_described(self) -> Body:
        found: Body = self.ask(CONSUMER_DESCRIBE, 1, {"group_ids": [self.name]} | NO_OPERATIONS)["groups"][0]
        return found


def subscribing(protocol: str, *topics: str, metadata: bytes | None = None) -> list[Body]:
    """The one protocol of a JoinGroup."""
    packed = pack_subscription(Subscription(topics)) if metadata is None else metadata
    return [{"name": protocol, "metadata": packed}]


def assigning(topic: str, *partitions: int) -> bytes:
    """A member's assignment, as a consumer reads it."""
    return pack_assignment(Assigned(tuple(TopicPartition(topic, one) for one in partitions)))
