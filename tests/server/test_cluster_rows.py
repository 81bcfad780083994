"""What three brokers of Apache Kafka 4.4.0 answered: followers, leaders that moved, wrong coordinators, row by row."""

from __future__ import annotations

from typing import Any

import pytest
from answers_kit import (
    EPOCH_END,
    FETCH,
    LIST_OFFSETS,
    PRODUCE,
    Row,
    batch,
    create,
    metadata,
    names,
    new_topic,
    offsets,
    row_name,
)  # fmt: skip
from group_kit import DESCRIBE, FIND_COORDINATOR, NO_OPERATIONS, OFFSET_FETCH
from server_under_test import Running, Wire, eventually

INIT, ELECT, REASSIGN = 22, 43, 45
PREFERRED, UNCLEAN = 0, 1
GROUP, TRANSACTION = 0, 1
ONLY_WITH_A_RACK = "a follower serves consumers that name a rack, and no others (fidelity ledger: simplified)"


class Spread:
    """A new topic of one partition on these brokers, the first of which leads."""

    def __init__(self, running: Running, *replicas: int) -> None:
        self.name = next(names)
        self.wires: dict[int, Wire] = {broker: running.connect(broker) for broker in (1, 2, 3)}
        dealt = [{"partition_index": 0, "broker_ids": list(replicas)}]
        assert create(self.wires[1], new_topic(self.name, -1, -1, assignments=dealt)) == [0]
        self.wait_for_leader(replicas[0])

    def partition(self, asked: int = 1) -> dict[str, Any]:
        """As this broker knows it."""
        found = metadata(self.wires[asked], self.name)["partitions"]
        return found[0] if found else {"leader_id": -1, "replica_nodes": []}

    def wait_for_leader(self, leader: int, *replicas: int) -> None:
        """Until every broker has read it, and the leader has begun to lead."""

        def known() -> bool:
            told = [self.partition(one) for one in self.wires]
            is_so = [one["leader_id"] == leader and not (replicas and one["replica_nodes"] != list(replicas))
                     for one in told]  # fmt: skip
            return all(is_so) and self.list_offset(leader)[0] == 0

        eventually(known, f"broker {leader} to lead")

    def producing(self) -> dict[str, Any]:
        data = [{"index": 0, "records": batch()}]
        return {"acks": -1, "timeout_ms": 5_000, "topic_data": [{"name": self.name, "partition_data": data}]}

    def produce(self, broker: int) -> tuple[int, int]:
        answer = self.wires[broker].ask(PRODUCE, 9, self.producing())
        (told,) = answer["responses"][0]["partition_responses"]
        return told["error_code"], told["base_offset"]

    def fetch(self, broker: int, version: int = 12, epoch: int = -1, rack: str = "") -> dict[str, Any]:
        """The whole answer."""
        asked = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1_000_000, "current_leader_epoch": epoch}
        topic = {"topic": self.name, "topic_id": metadata(self.wires[1], self.name)["topic_id"], "partitions": [asked]}
        body = {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": [], "topics": [topic], "rack_id": rack}
        return self.wires[broker].ask(FETCH, version, body)

    def list_offset(self, broker: int, epoch: int = -1) -> tuple[int, int]:
        """(error, latest)."""
        asked = {"partition_index": 0, "timestamp": -1, "current_leader_epoch": epoch}
        body = {"replica_id": -1, "isolation_level": 0, "topics": [{"name": self.name, "partitions": [asked]}]}
        (told,) = self.wires[broker].ask(LIST_OFFSETS, 5, body)["topics"][0]["partitions"]
        return told["error_code"], told["offset"]

    def end_of_epoch(self, broker: int, epoch: int, current: int = -1) -> tuple[int, int, int]:
        asked = {"partition": 0, "leader_epoch": epoch, "current_leader_epoch": current}
        body = {"topics": [{"topic": self.name, "partitions": [asked]}]}
        (told,) = self.wires[broker].ask(EPOCH_END, 4, body)["topics"][0]["partitions"]
        return told["error_code"], told["leader_epoch"], told["end_offset"]

    def reassign(self, *replicas: int) -> None:
        partitions = [{"partition_index": 0, "replicas": list(replicas)}]
        body = {"timeout_ms": 5_000, "topics": [{"name": self.name, "partitions": partitions}]}
        (told,) = self.wires[1].ask(REASSIGN, 1, body)["responses"][0]["partitions"]
        assert told["error_code"] == 0

    def elect(self, kind: int) -> list[int]:
        body = {"election_type": kind, "topic_partitions": [{"topic": self.name, "partitions": [0]}]}
        answer = self.wires[1].ask(ELECT, 2, body)
        return [one["error_code"] for topic in answer["replica_election_results"] for one in topic["partition_result"]]


def fetched(topic: Spread, broker: int, **how: Any) -> list[int]:
    """Error and number of batches."""
    (told,) = topic.fetch(broker, **how)["responses"][0]["partitions"]
    return [told["error_code"], len(offsets(told["records"]))]


# --- followers --------------------------------------------------------------------------------------------------------


def replicated(running: Running) -> Spread:
    topic = Spread(running, 1, 2)
    assert topic.produce(1) == (0, 0)
    return topic


def fetch_follower(running: Running) -> list[int]:
    """With the rack that ours wants to hear it comes to the same."""
    topic = replicated(running)
    eventually(lambda: fetched(topic, 2, rack="a") == [0, 1], "what the leader has, at the follower")
    return fetched(topic, 2)


def fetch_hint(running: Running) -> list[Any]:
    answer = Spread(running, 1).fetch(2, version=16)
    (told,) = answer["responses"][0]["partitions"]
    leader = told["current_leader"]
    named = [one["node_id"] == 1 for one in answer["node_endpoints"]]
    return [told["error_code"], leader["leader_id"] == 1, leader["leader_epoch"], named]


# --- leaders that have moved ------------------------------------------------------------------------------------------


def moved(running: Running, records: int = 1) -> tuple[Spread, int]:
    """A topic that broker 2 leads now, and the epoch in which broker 1 did."""
    topic = Spread(running, 1)
    before = topic.partition()["leader_epoch"]
    assert [topic.produce(1)[0] for _ in range(records)] == [0] * records
    topic.reassign(2)
    topic.wait_for_leader(2, 2)
    return topic, before


def fenced_fetch(running: Running) -> int:
    topic, before = moved(running)
    return fetched(topic, 2, epoch=before)[0]


def fenced_list(running: Running) -> int:
    topic, before = moved(running)
    return topic.list_offset(2, before)[0]


def ends_of_epochs(running: Running) -> list[Any]:
    topic, before = moved(running, records=3)
    assert [topic.produce(2) for _ in range(2)] == [(0, 3), (0, 4)]
    now = topic.partition()["leader_epoch"]
    told = []
    for epoch in (before, now):
        error, epoch_told, end = topic.end_of_epoch(2, epoch)
        told.append([error, epoch_told - epoch, end])
    return [*told, topic.end_of_epoch(2, before, current=before)[0]]


def reassign_move(running: Running) -> list[Any]:
    topic, _ = moved(running)
    told = topic.partition()
    return [told["leader_id"] == 2, told["leader_epoch"], topic.list_offset(2)[1]]


def elect_preferred(running: Running) -> list[Any]:
    topic = Spread(running, 1, 2)
    eventually(lambda: sorted(topic.partition()["isr_nodes"]) == [1, 2], "both in sync")
    topic.reassign(2, 1)
    topic.wait_for_leader(1, 2, 1)
    errors = topic.elect(PREFERRED)
    topic.wait_for_leader(2)
    return [True, errors]


def elect_unclean(running: Running) -> list[int]:
    return Spread(running, 1).elect(UNCLEAN)


# --- wrong coordinators -----------------------------------------------------------------------------------------------


def not_the_coordinator(running: Running, kind: int) -> tuple[str, Wire]:
    """A group or transactional id, and a broker that does not coordinate it."""
    name = next(names)
    with running.connect(1) as wire:
        asked = {"key": name, "key_type": kind}
        eventually(lambda: wire.ask(FIND_COORDINATOR, 3, asked)["error_code"] == 0, "a coordinator")
        right = wire.ask(FIND_COORDINATOR, 3, asked)["node_id"]
    return name, running.connect(right % 3 + 1)


def wrong_offsetfetch(running: Running) -> list[Any]:
    name, wire = not_the_coordinator(running, GROUP)
    asked = {"group_id": name, "topics": [{"name": "orders", "partition_indexes": [0]}]}
    answer = wire.ask(OFFSET_FETCH, 7, asked | {"require_stable": False})
    return [answer["error_code"], answer["topics"]]


def wrong_initpid(running: Running) -> int:
    name, wire = not_the_coordinator(running, TRANSACTION)
    error: int = wire.ask(INIT, 4, {"transactional_id": name, "transaction_timeout_ms": 60_000})["error_code"]
    return error


def wrong_describegroups(running: Running) -> list[Any]:
    name, wire = not_the_coordinator(running, GROUP)
    (told,) = wire.ask(DESCRIBE, 5, {"groups": [name]} | NO_OPERATIONS)["groups"]
    return [told["error_code"], told["group_state"]]


def different_ids(running: Running) -> int:
    """At three brokers."""
    ids = []
    for broker in (1, 2, 3):
        with running.connect(broker) as wire:
            answer = eventually(lambda: new_id(wire), "a producer id")
            ids.append(answer["producer_id"])
    return len(set(ids))


def new_id(wire: Wire) -> Any:
    answer = wire.ask(INIT, 4, {"transactional_id": None, "transaction_timeout_ms": 60_000})
    return None if answer["error_code"] in (14, 15, 16) else answer


# --- the rows ---------------------------------------------------------------------------------------------------------

ROWS = [
    Row("cluster-produce_no_replica", "Produce to a broker without a replica",
        lambda running: Spread(running, 1).produce(2), (6, -1)),
    Row("cluster-fetch_follower_v10", "a consumer's Fetch v4-10 to a follower",
        lambda running: fetched(replicated(running), 2, version=10)[0], 6),
    Row("cluster-fetch_follower", "Fetch v11+ to a follower that has the data", fetch_follower, [0, 1],
        ours=[6, 0], why=ONLY_WITH_A_RACK),
    Row("cluster-fetch_no_replica_hint", "Fetch v16+ to a broker without a replica: leader, epoch, endpoints",
        fetch_hint, [6, True, 0, [True]]),
    Row("cluster-move_fenced_fetch", "Fetch v9+ with the leader epoch from before a move", fenced_fetch, 74),
    Row("cluster-move_fenced_list", "ListOffsets v4+ with it", fenced_list, 74),
    Row("cluster-move_end_of_epoch", "OffsetForLeaderEpoch of both epochs, and with a fenced current one",
        ends_of_epochs, [[0, 0, 3], [0, 0, 5], 74]),
    Row("cluster-reassign_move", "from [a] to [b]: leader, its epoch, the record", reassign_move, [True, 1, 1]),
    Row("cluster-elect_preferred", "[a, b] made [b, a]: a still leads; then ElectLeaders preferred", elect_preferred,
        [True, [0]]),
    Row("cluster-elect_unclean_not_needed", "unclean, for a partition that has a leader", elect_unclean, [84]),
    Row("cluster-offsetfetch_wrong_coordinator", "OffsetFetch v2-7 elsewhere", wrong_offsetfetch, [16, []]),
    Row("cluster-initpid_wrong_coordinator", "InitProducerId with a transactional id elsewhere", wrong_initpid, 16),
    Row("cluster-describegroups_wrong_coordinator", "DescribeGroups elsewhere", wrong_describegroups, [16, ""]),
    Row("cluster-pids_differ", "InitProducerId at three brokers: how many different ids", different_ids, 3),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_cluster_rows(cluster: Running, row: Row) -> None:
    row.check(cluster)
