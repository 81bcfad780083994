"""What changes its shape from version to version, and what the adapters answer without the core."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from adapter_kit import ORDERS_ID, UNKNOWN_ID, VIEW, Different
from cluster_tables import DESCRIBE_CLUSTER, FETCH, METADATA

from minikafka.protocol import admin_messages, group_messages, messages, transaction_messages
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import LeavingMember
from minikafka.protocol.quorum_messages import DescribeQuorumRequest
from minikafka.server import (
    adapters,
    admin_adapters,
    cluster_adapters,
    codec,
    group_adapters,
    offset_adapters,
    record_adapters,
    transaction_adapters,
    versions,
)
from minikafka.server.schema import apis
from minikafka.server.view import Ask
from minikafka.types import TopicPartition


@pytest.mark.parametrize("key", [29, 30, 31])
def test_access_lists_are_refused_in_every_version_as_without_an_authorizer(key: int) -> None:
    for version in versions.SERVED[key]:
        answer = adapters.request_to_core(key, Ask(version, Different().body(apis()[key].request), VIEW))
        assert isinstance(answer, dict)
        codec.encode(key, version, "response", answer)
        told = [answer, *answer.get("results", []), *answer.get("filter_results", [])]
        assert [one["error_code"] for one in told if "error_code" in one] == [54]


def test_topics_of_many_partitions_are_described_a_page_at_a_time() -> None:
    numbers = [TopicPartition("orders", number) for number in range(5)]
    parts = tuple(messages.PartitionMetadata(one, ErrorCode.NONE, 1, 0, (1,), (1,)) for one in numbers)
    whole = messages.MetadataResponse((), (messages.TopicMetadata("orders", ErrorCode.NONE, ORDERS_ID, parts),))
    cursor, pages = None, []
    while not pages or cursor:
        body = {"topics": [{"name": "orders"}], "response_partition_limit": 2, "cursor": cursor}
        assert cluster_adapters.describe_partitions_request(Ask(0, body, VIEW)).topics == ("orders",)
        answer = cluster_adapters.describe_partitions_response(whole, Ask(0, body, VIEW))
        pages.append([one["partition_index"] for topic in answer["topics"] for one in topic["partitions"]])
        cursor = answer["next_cursor"]
    assert pages == [[0, 1], [2, 3], [4]]


def test_a_topic_is_deleted_by_name_or_by_id() -> None:
    topics = [{"name": "a", "topic_id": bytes(16)}, {"name": None, "topic_id": UNKNOWN_ID}]
    body = {"topics": topics, "topic_names": ["b"], "timeout_ms": 1}
    asked = [admin_adapters.delete_topics_request(Ask(version, body, VIEW)).topics for version in (5, 6)]
    assert asked == [(("b", ""),), (("a", ""), (None, UNKNOWN_ID.hex()))]


def test_the_quorum_of_any_other_topic_cannot_be_described() -> None:
    def ask(topic: str) -> Any:
        body = {"topics": [{"topic_name": topic, "partitions": [{"partition_index": 0}]}]}
        return adapters.request_to_core(55, Ask(2, body, VIEW))

    assert isinstance(ask("__cluster_metadata"), DescribeQuorumRequest)
    assert ask("orders")["error_code"] == ErrorCode.INVALID_REQUEST


def test_a_group_nobody_knows_was_dead_before_it_was_an_error() -> None:
    unknown = group_messages.DescribedGroup("g", ErrorCode.GROUP_ID_NOT_FOUND, "Dead")
    for version, error in ((5, 0), (6, ErrorCode.GROUP_ID_NOT_FOUND)):
        answer = adapters.response_to_wire(
            15, group_messages.DescribeGroupsResponse((unknown,)), Ask(version, {}, VIEW)
        )
        assert (answer["groups"][0]["error_code"], answer["groups"][0]["group_state"]) == (error, "Dead")


FLAGS_FROM = [
    (0, "adds_partition", 12), (0, "knows_abortable", 11), (8, "knows_member_epochs", 9),
    (11, "requires_known_member_id", 4), (11, "supports_skip_assignment", 9), (14, "requires_protocol", 5),
    (22, "says_fenced", 4), (24, "says_fenced", 2), (24, "from_broker", 4), (25, "says_fenced", 2),
    (26, "says_fenced", 2), (26, "bumps_epoch", 5), (28, "knows_abortable", 4), (28, "adds_partition", 5),
    (68, "requires_member_id", 1),
]  # fmt: skip


@pytest.mark.parametrize(("key", "flag", "first"), FLAGS_FROM, ids=[f"{key}-{flag}" for key, flag, _ in FLAGS_FROM])
def test_what_a_version_stands_for_is_said_by_a_flag(key: int, flag: str, first: int) -> None:
    body = Different().body(apis()[key].request)
    said = {
        version: getattr(adapters.request_to_core(key, Ask(version, body, VIEW)), flag)
        for version in versions.SERVED[key]
    }  # fmt: skip
    assert said == {version: version >= first for version in said}


# --- what the adapters answer themselves ---


def produce(topic: dict[str, Any]) -> Any:
    entry = topic | {"partition_data": [{"index": 0, "records": None}]}
    body = {"acks": 1, "timeout_ms": 1, "transactional_id": None, "topic_data": [entry]}
    return record_adapters.produce_request(Ask(13, body, VIEW))


def test_a_topic_may_be_named_by_its_id() -> None:
    message = produce({"name": "", "topic_id": bytes.fromhex(ORDERS_ID)})
    assert message.partitions[0].partition == TopicPartition("orders", 0)
    assert message.partitions[0].records == b""
    answer = record_adapters.produce_response(
        messages.ProduceResponse((messages.ProducePartitionResult(TopicPartition("orders", 0), ErrorCode.NONE),)),
        Ask(13, {}, VIEW),
    )
    assert answer["responses"][0]["topic_id"] == bytes.fromhex(ORDERS_ID)


def test_an_unknown_id_goes_through_the_core_and_comes_back_as_it_was() -> None:
    partition = produce({"name": "", "topic_id": UNKNOWN_ID}).partitions[0].partition
    result = messages.ProducePartitionResult(partition, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    answer = record_adapters.produce_response(messages.ProduceResponse((result,)), Ask(13, {}, VIEW))
    assert answer["responses"][0]["topic_id"] == UNKNOWN_ID
    assert answer["responses"][0]["partition_responses"][0]["error_code"] == ErrorCode.UNKNOWN_TOPIC_ID


@pytest.mark.parametrize("name", ["?", "?zz", "? 12", "?" + "0" * 31, "\ufffd", ""])
def test_a_strange_name_is_only_a_name(name: str) -> None:
    partition = produce({"name": name, "topic_id": bytes(16)}).partitions[0].partition
    assert partition.topic == name
    result = messages.ProducePartitionResult(partition, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    answer = record_adapters.produce_response(messages.ProduceResponse((result,)), Ask(13, {}, VIEW))
    assert answer["responses"][0]["partition_responses"][0]["error_code"] == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


@pytest.mark.parametrize(("old", "new"), [(3, -1), (-1, 3)])
def test_nobody_is_a_follower_over_tcp(old: int, new: int) -> None:
    body = Different().body(apis()[FETCH].request) | {"replica_id": old}
    body["replica_state"]["replica_id"] = new
    question = record_adapters.fetch_request(Ask(18, body, VIEW))
    assert isinstance(question, messages.FetchRequest)
    assert question.replica_id == record_adapters.UNKNOWN_REPLICA


def test_a_leader_is_hinted_at_only_to_who_is_misled() -> None:
    good = messages.FetchPartitionResult(TopicPartition("orders", 0), ErrorCode.NONE, current_leader=2)
    lost = messages.FetchPartitionResult(
        TopicPartition("orders", 1), ErrorCode.NOT_LEADER_OR_FOLLOWER, current_leader=3, current_leader_epoch=4
    )
    answer = record_adapters.fetch_response(messages.FetchResponse((good, lost)), Ask(18, {}, VIEW))
    first, second = answer["responses"][0]["partitions"]
    assert first["current_leader"] == {"leader_id": -1, "leader_epoch": -1}
    assert second["current_leader"] == {"leader_id": 3, "leader_epoch": 4}
    assert first["aborted_transactions"] is None


@pytest.mark.parametrize(
    ("replica", "trusted", "told"), [(-1, False, -1), (-1, True, -1), (2, False, -1), (2, True, 5)]
)
def test_beside_an_error_only_a_follower_is_told_where_the_log_starts(replica: int, trusted: bool, told: int) -> None:
    beyond = messages.FetchPartitionResult(TopicPartition("orders", 0), ErrorCode.OFFSET_OUT_OF_RANGE, -1, 5)
    body = {"replica_id": -1, "replica_state": {"replica_id": replica}}
    ask = Ask(18, body, VIEW, trusts_replicas=trusted)
    (topic,) = record_adapters.fetch_response(messages.FetchResponse((beyond,)), ask)["responses"]
    assert topic["partitions"][0]["log_start_offset"] == told


@pytest.mark.parametrize(("asked", "most"), [(2**31 - 1, 57_671_680), (1_000, 1_000), (-1, -1)])
def test_no_answer_is_larger_than_a_broker_gives(asked: int, most: int) -> None:
    body = Different().body(apis()[FETCH].request) | {"max_bytes": asked}
    question = record_adapters.fetch_request(Ask(18, body, VIEW))
    assert isinstance(question, messages.FetchRequest)
    assert question.max_bytes == most


def test_metadata_version_0_has_no_null_for_all_topics() -> None:
    ask = {"topics": [], "allow_auto_topic_creation": True}
    assert cluster_adapters.metadata_request(Ask(0, ask, VIEW)) == messages.MetadataRequest(None, True)
    assert cluster_adapters.metadata_request(Ask(1, ask, VIEW)) == messages.MetadataRequest((), True)


def test_an_unknown_topic_id_in_metadata_is_echoed_without_a_name() -> None:
    ask = {"topics": [{"name": None, "topic_id": UNKNOWN_ID}], "allow_auto_topic_creation": True}
    question = cluster_adapters.metadata_request(Ask(12, ask, VIEW))
    assert isinstance(question, messages.MetadataRequest)
    assert question.topics is not None
    assert not question.allow_auto_topic_creation
    unknown = messages.TopicMetadata(question.topics[0], ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    flags = {"include_topic_authorized_operations": True, "include_cluster_authorized_operations": False}
    answer = cluster_adapters.metadata_response(messages.MetadataResponse((), (unknown,)), Ask(12, ask | flags, VIEW))
    assert [(t["error_code"], t["name"], t["topic_id"]) for t in answer["topics"]] == [(100, None, UNKNOWN_ID)]
    assert answer["topics"][0]["topic_authorized_operations"] == 3576
    assert answer["cluster_id"] == "a-cluster"


@pytest.mark.parametrize("version", [10, 11])
def test_metadata_by_id_is_not_asked_before_version_12(version: int) -> None:
    ask = {"topics": [{"name": None, "topic_id": UNKNOWN_ID}], "allow_auto_topic_creation": True}
    answer = cluster_adapters.metadata_request(Ask(version, ask, VIEW))
    assert isinstance(answer, dict)
    assert answer["topics"][0]["error_code"] == ErrorCode.INVALID_REQUEST
    codec.encode(METADATA, version, "response", answer)


@pytest.mark.parametrize(("endpoint_type", "error"), [(2, 114), (3, 115)])
def test_a_broker_describes_brokers_only(endpoint_type: int, error: int) -> None:
    answer = cluster_adapters.describe_cluster_request(Ask(2, {"endpoint_type": endpoint_type}, VIEW))
    assert isinstance(answer, dict)
    assert answer["error_code"] == error
    for version in (1, 2):
        codec.encode(DESCRIBE_CLUSTER, version, "response", answer)


def test_one_coordinator_stands_where_each_version_looks_for_it() -> None:
    found = group_messages.CoordinatorEndpoint("g", ErrorCode.NONE, 1, "127.0.0.1", 9_091)
    for version in versions.SERVED[10]:
        ask = Ask(version, {"key": "g", "key_type": 0, "coordinator_keys": ["g"]}, VIEW)
        assert group_adapters.find_coordinator_request(ask) == group_messages.FindCoordinatorRequest(0, ("g",))
        answer = group_adapters.find_coordinator_response(group_messages.FindCoordinatorResponse((found,)), ask)
        told = codec.decode(10, version, "response", b"".join(codec.encode(10, version, "response", answer)))
        assert (told["coordinators"][0] if version >= 4 else told)["port"] == 9_091


def test_one_member_leaves_as_it_did_before_many_could() -> None:
    ask = Ask(2, {"group_id": "g", "member_id": "m", "members": []}, VIEW)
    assert group_adapters.leave_request(ask) == group_messages.LeaveGroupRequest("g", (LeavingMember("m"),))
    answer = group_messages.LeaveGroupResponse(ErrorCode.NONE, (("m", None, ErrorCode.UNKNOWN_MEMBER_ID),))
    assert group_adapters.leave_response(answer, ask)["error_code"] == ErrorCode.UNKNOWN_MEMBER_ID
    assert group_adapters.leave_response(answer, dataclasses.replace(ask, version=3))["error_code"] == 0


def test_the_offsets_of_one_group_are_asked_for_as_before_many_could_be() -> None:
    topics = [{"name": "orders", "partition_indexes": [4]}]
    for version, error_at_partition in ((1, True), (2, False), (7, False)):
        ask = Ask(version, {"group_id": "g", "topics": topics, "groups": [], "require_stable": True}, VIEW)
        request = offset_adapters.fetch_request(ask)
        assert request.groups == (group_messages.OffsetFetchGroup("g", (TopicPartition("orders", 4),)),)
        refused = group_messages.OffsetFetchGroupResult("g", ErrorCode.NOT_COORDINATOR)
        answer = offset_adapters.fetch_response(group_messages.OffsetFetchResponse((refused,)), ask)
        told = codec.decode(9, version, "response", b"".join(codec.encode(9, version, "response", answer)))
        errors = [entry["error_code"] for topic in told["topics"] for entry in topic["partitions"]]
        assert (told["error_code"], errors) == ((0, [16]) if error_at_partition else (16, []))


def test_a_producer_adds_to_its_own_transaction_only() -> None:
    topics = [{"name": "orders", "partitions": [1, 2]}]
    own = {"transactional_id": "t", "producer_id": 7, "producer_epoch": 3, "topics": topics}
    ask = Ask(3, {f"v3_and_below_{name}": value for name, value in own.items()} | {"transactions": []}, VIEW)
    (one,) = transaction_adapters.add_partitions_request(ask).transactions
    partitions = (TopicPartition("orders", 1), TopicPartition("orders", 2))
    assert one == transaction_messages.TransactionToAdd("t", 7, 3, partitions)
    results = tuple(("t", partition, ErrorCode.NONE) for partition in partitions)
    answer = transaction_messages.AddPartitionsToTxnResponse(results=results)
    (topic,) = transaction_adapters.add_partitions_response(answer, ask)["results_by_topic_v3_and_below"]
    assert [entry["partition_index"] for entry in topic["results_by_partition"]] == [1, 2]


def test_transaction_protocol_2_is_shown_as_the_cluster_has_it() -> None:
    asked = {"client_software_name": "a", "client_software_version": "1"}
    for level in (0, 1, 2):
        shown = versions.api_versions_response(4, asked, level)["finalized_features"]
        levels = {feature["name"]: feature["max_version_level"] for feature in shown}
        assert levels == {"group.version": 1} | ({"transaction.version": level} if level else {})
    assert versions.api_versions_response(3, asked, 2)["supported_features"] == []


@pytest.mark.parametrize(("timestamp", "first"), [(-1, 1), (-2, 1), (-3, 7), (-4, 8), (-5, 9), (-6, 11), (-7, 99)])
def test_timestamps_of_later_versions_are_unsupported(timestamp: int, first: int) -> None:
    entry = {"partition_index": 0, "current_leader_epoch": -1, "timestamp": timestamp}
    body = {"topics": [{"name": "orders", "partitions": [entry]}], "replica_id": -1, "isolation_level": 0}
    for version in versions.SERVED[2]:
        answer = record_adapters.list_offsets_request(Ask(version, body, VIEW))
        if version >= first:
            assert isinstance(answer, messages.ListOffsetsRequest)
            continue
        assert isinstance(answer, dict)
        assert answer["topics"][0]["partitions"] == [{"partition_index": 0, "error_code": 35}]


def test_an_assignment_with_a_gap_is_passed_on_as_one_without_replicas() -> None:
    topic = {"name": "t", "num_partitions": -1, "replication_factor": -1, "configs": []}
    topic["assignments"] = [{"partition_index": 0, "broker_ids": [1]}, {"partition_index": 2, "broker_ids": [2]}]
    body = {"topics": [topic], "timeout_ms": 1, "validate_only": False}
    message = cluster_adapters.create_topics_request(Ask(7, body, VIEW))
    assert message.topics[0].assignment == ((1,), ())


def test_a_topic_named_twice_has_one_answer() -> None:
    twice = admin_messages.CreateTopicResult("t", ErrorCode.INVALID_REQUEST)
    answer = admin_messages.CreateTopicsResponse((twice, twice))
    assert len(cluster_adapters.create_topics_response(answer, Ask(7, {}, VIEW))["topics"]) == 1
