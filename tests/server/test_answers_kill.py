"""A broker is killed: what Apache Kafka 4.4.0 answers then and after its return, asked over the wire.

Each test is one fact: what a real broker answered.
"""

from __future__ import annotations

from typing import Any

from answers_kit import FETCH, LIST_OFFSETS, PRODUCE, batch, create, metadata, new_topic, offsets
from server_under_test import Running, Wire, eventually

QUICK = {"broker.session.timeout.ms": 1_500, "broker.heartbeat.interval.ms": 300}


def test_kill_leader() -> None:
    """Kill -9 of the leader of replicas [3, 1, 2] with three records, and its return."""
    with Running(brokers=3, config=QUICK) as running, running.connect(1) as wire:
        assignment = [{"partition_index": 0, "broker_ids": [3, 1, 2]}]
        assert create(wire, new_topic("orders", -1, -1, assignments=assignment)) == [0]

        def partition() -> dict[str, Any]:
            found = metadata(wire, "orders")["partitions"]
            return found[0] if found else {"leader_id": -1, "isr_nodes": []}

        eventually(lambda: partition()["leader_id"] == 3, "the first leader")
        with running.connect(3) as leader:
            data = [{"index": 0, "records": batch(1_000, 1_001, 1_002)}]
            body = {"acks": -1, "timeout_ms": 5_000, "topic_data": [{"name": "orders", "partition_data": data}]}
            answer = eventually(lambda: produced(leader, body), "the acknowledgement")
            assert answer["base_offset"] == 0
            running.crash(3)
            assert leader.is_closed()
        eventually(lambda: partition()["leader_id"] == 1, "the second replica to lead")
        now = partition()
        assert (now["leader_epoch"], sorted(now["isr_nodes"]), now["offline_replicas"]) == (1, [1, 2], [3])
        asked = {"partition_index": 0, "timestamp": -1, "current_leader_epoch": 0}
        ask = {"replica_id": -1, "isolation_level": 0, "topics": [{"name": "orders", "partitions": [asked]}]}
        assert wire.ask(LIST_OFFSETS, 5, ask)["topics"][0]["partitions"][0]["error_code"] == 74
        asked["current_leader_epoch"] = 1
        eventually(lambda: wire.ask(LIST_OFFSETS, 5, ask)["topics"][0]["partitions"][0]["offset"] == 3, "the records")
        running.restart(3)
        eventually(lambda: sorted(partition()["isr_nodes"]) == [1, 2, 3], "the old leader back in the ISR")
        assert (partition()["leader_id"], partition()["offline_replicas"]) == (1, [])


def produced(wire: Wire, body: dict[str, Any]) -> dict[str, Any] | None:
    """The answer for the one partition, None while it is NOT_LEADER_OR_FOLLOWER or the like."""
    answer: dict[str, Any] = wire.ask(PRODUCE, 9, body)["responses"][0]["partition_responses"][0]
    return answer if answer["error_code"] == 0 else None


def test_min_isr() -> None:
    """RF 2, min.insync.replicas=2, the follower killed: acks=all is refused, acks=1 is taken and not shown."""
    with Running(brokers=2, config=QUICK) as running, running.connect(1) as wire:
        topic = new_topic("orders", -1, -1, assignments=[{"partition_index": 0, "broker_ids": [1, 2]}])
        topic["configs"] = [{"name": "min.insync.replicas", "value": "2"}]
        assert create(wire, topic) == [0]
        data = [{"index": 0, "records": batch()}]
        body = {"acks": -1, "timeout_ms": 5_000, "topic_data": [{"name": "orders", "partition_data": data}]}
        assert eventually(lambda: produced(wire, body), "the first record")["base_offset"] == 0
        running.crash(2)
        eventually(lambda: metadata(wire, "orders")["partitions"][0]["isr_nodes"] == [1], "the ISR to shrink")
        answer = wire.ask(PRODUCE, 9, body)["responses"][0]["partition_responses"][0]
        assert (answer["error_code"], answer["base_offset"]) == (19, -1)
        unsafe = produced(wire, body | {"acks": 1})
        assert unsafe is not None
        assert unsafe["base_offset"] == 1
        top = {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": []}
        asked = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1_000}
        ask = top | {"topics": [{"topic": "orders", "partitions": [asked]}]}
        seen = wire.ask(FETCH, 12, ask)["responses"][0]["partitions"][0]
        assert (seen["high_watermark"], offsets(seen["records"])) == (1, [(0, 0)])
        running.restart(2)
        eventually(
            lambda: wire.ask(FETCH, 12, ask)["responses"][0]["partitions"][0]["high_watermark"] == 2, "both records"
        )
