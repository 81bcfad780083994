"""Two descriptions of one message, the core's dataclass and the wire's schema, held against each other field by field.

Each message is made with a different value in every field, translated, and compared along a table. A field of either
side that is in neither the table nor the list of those left out (with the reason) fails the test.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar

import pytest

from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import RegisterBrokerRecord, TopicRecord
from minikafka.protocol import admin_messages, messages
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import BrokerEndpoint
from minikafka.server import adapters, cluster_adapters, codec, record_adapters, versions
from minikafka.server.schema import Field, apis
from minikafka.server.view import View
from minikafka.types import TopicPartition

ORDERS_ID = "0123456789abcdef0123456789abcdef"
UNKNOWN_ID = bytes(range(16))
PRODUCE, FETCH, LIST_OFFSETS, METADATA, FIND_COORDINATOR, CREATE_TOPICS, EPOCH_END, DESCRIBE_CLUSTER = (
    0, 1, 2, 3, 10, 19, 23, 60,
)  # fmt: skip
THROTTLE = {"throttle_time_ms": "nobody is throttled"}
BY_ID = {"topic_id": "the id is looked up from the name"}


def a_view() -> View:
    image = MetadataImage()
    image.replay(TopicRecord("orders", ORDERS_ID))
    for broker in range(1, 4):
        image.replay(RegisterBrokerRecord(broker, "x", broker, "127.0.0.1", 9_090 + broker))
        image.brokers[broker] = dataclasses.replace(image.brokers[broker], fenced=False)
    return View(image, "a-cluster")


VIEW = a_view()


@dataclasses.dataclass(frozen=True)
class Table:
    """Which field of the core is which of the wire, and what has no counterpart, with the reason."""

    key: int
    core: type
    fields: dict[str, str]
    """Path in the core → path on the wire."""
    only_core: dict[str, str] = dataclasses.field(default_factory=dict)
    only_wire: dict[str, str] = dataclasses.field(default_factory=dict)


REQUESTS = [
    Table(
        PRODUCE,
        messages.ProduceRequest,
        {
            "acks": "acks",
            "timeout_ms": "timeout_ms",
            "transactional_id": "transactional_id",
            "partitions.partition.topic": "topic_data.name",
            "partitions.partition.partition": "topic_data.partition_data.index",
            "partitions.records": "topic_data.partition_data.records",
        },
        only_core={"adds_partition": "follows from the version"},
        only_wire={"topic_data.topic_id": BY_ID["topic_id"]},
    ),
    Table(
        FETCH,
        messages.FetchRequest,
        {
            "replica_id": "replica_id",
            "replica_epoch": "replica_state.replica_epoch",
            "max_wait_ms": "max_wait_ms",
            "min_bytes": "min_bytes",
            "max_bytes": "max_bytes",
            "isolation_level": "isolation_level",
            "partitions.partition.topic": "topics.topic",
            "partitions.partition.partition": "topics.partitions.partition",
            "partitions.fetch_offset": "topics.partitions.fetch_offset",
            "partitions.current_leader_epoch": "topics.partitions.current_leader_epoch",
            "partitions.last_fetched_epoch": "topics.partitions.last_fetched_epoch",
            "partitions.max_bytes": "topics.partitions.partition_max_bytes",
            "partitions.log_start_offset": "topics.partitions.log_start_offset",
        },
        only_core={
            "rack_id": "follower reads are not served yet",
            "cluster_voter": "for controllers",
            "partitions.high_watermark": "for controllers",
        },
        only_wire={
            "cluster_id": "for controllers",
            "replica_state.replica_id": "the newer place of replica_id",
            "session_id": "no sessions",
            "session_epoch": "no sessions",
            "forgotten_topics_data.topic": "no sessions",
            "forgotten_topics_data.topic_id": "no sessions",
            "forgotten_topics_data.partitions": "no sessions",
            "rack_id": "follower reads are not modelled",
            "topics.topic_id": BY_ID["topic_id"],
            "topics.partitions.replica_directory_id": "one log directory",
            "topics.partitions.high_watermark": "KIP-1166 is not modelled",
        },
    ),
    Table(
        LIST_OFFSETS,
        messages.ListOffsetsRequest,
        {
            "replica_id": "replica_id",
            "isolation_level": "isolation_level",
            "partitions.partition.topic": "topics.name",
            "partitions.partition.partition": "topics.partitions.partition_index",
            "partitions.timestamp": "topics.partitions.timestamp",
            "partitions.current_leader_epoch": "topics.partitions.current_leader_epoch",
        },
        only_wire={"timeout_ms": "for tiered storage"},
    ),
    Table(
        METADATA,
        messages.MetadataRequest,
        {"topics": "topics.name", "allow_auto_topic_creation": "allow_auto_topic_creation"},
        only_wire={
            "topics.topic_id": BY_ID["topic_id"],
            "include_cluster_authorized_operations": "answered by the adapter",
            "include_topic_authorized_operations": "answered by the adapter",
        },
    ),
    Table(
        CREATE_TOPICS,
        admin_messages.CreateTopicsRequest,
        {
            "timeout_ms": "timeout_ms",
            "validate_only": "validate_only",
            "topics.name": "topics.name",
            "topics.num_partitions": "topics.num_partitions",
            "topics.replication_factor": "topics.replication_factor",
            "topics.assignment": "topics.assignments.broker_ids",
            "topics.configs": "topics.configs.name+value",
        },
        only_wire={"topics.assignments.partition_index": "the position in `assignment`"},
    ),
    Table(
        EPOCH_END,
        messages.OffsetForLeaderEpochRequest,
        {
            "replica_id": "replica_id",
            "partitions.partition.topic": "topics.topic",
            "partitions.partition.partition": "topics.partitions.partition",
            "partitions.leader_epoch": "topics.partitions.leader_epoch",
            "partitions.current_leader_epoch": "topics.partitions.current_leader_epoch",
        },
    ),
]

RESPONSES = [
    Table(
        PRODUCE,
        messages.ProduceResponse,
        {
            "partitions.partition.topic": "responses.name",
            "partitions.partition.partition": "responses.partition_responses.index",
            "partitions.error": "responses.partition_responses.error_code",
            "partitions.base_offset": "responses.partition_responses.base_offset",
            "partitions.log_append_time_ms": "responses.partition_responses.log_append_time_ms",
            "partitions.log_start_offset": "responses.partition_responses.log_start_offset",
            "partitions.current_leader": "responses.partition_responses.current_leader.leader_id",
            "partitions.current_leader_epoch": "responses.partition_responses.current_leader.leader_epoch",
        },
        only_wire=THROTTLE
        | {
            "responses.topic_id": BY_ID["topic_id"],
            "responses.partition_responses.record_errors.batch_index": "a bad record refuses its whole batch",
            "responses.partition_responses.record_errors.batch_index_error_message": "likewise",
            "responses.partition_responses.error_message": "the code says it",
            "node_endpoints.node_id": "looked up for the current leaders",
            "node_endpoints.host": "likewise",
            "node_endpoints.port": "likewise",
            "node_endpoints.rack": "likewise",
        },
    ),
    Table(
        FETCH,
        messages.FetchResponse,
        {
            "partitions.partition.topic": "responses.topic",
            "partitions.partition.partition": "responses.partitions.partition_index",
            "partitions.error": "responses.partitions.error_code",
            "partitions.high_watermark": "responses.partitions.high_watermark",
            "partitions.log_start_offset": "responses.partitions.log_start_offset",
            "partitions.records": "responses.partitions.records",
            "partitions.diverging_epoch": "responses.partitions.diverging_epoch.epoch",
            "partitions.diverging_end_offset": "responses.partitions.diverging_epoch.end_offset",
            "partitions.current_leader": "responses.partitions.current_leader.leader_id",
            "partitions.current_leader_epoch": "responses.partitions.current_leader.leader_epoch",
        },
        only_core={
            "partitions.last_stable_offset": "transactions are not served yet",
            "partitions.aborted_transactions": "likewise",
            "partitions.preferred_read_replica": "follower reads are not served yet",
            "partitions.snapshot_id": "for controllers",
        },
        only_wire=THROTTLE
        | {
            "error_code": "said by the adapter, for sessions",
            "session_id": "no sessions",
            "responses.topic_id": BY_ID["topic_id"],
            "responses.partitions.last_stable_offset": "the high watermark, until there are transactions",
            "responses.partitions.snapshot_id.end_offset": "no snapshots",
            "responses.partitions.snapshot_id.epoch": "no snapshots",
            "responses.partitions.aborted_transactions.producer_id": "no transactions yet",
            "responses.partitions.aborted_transactions.first_offset": "no transactions yet",
            "responses.partitions.preferred_read_replica": "follower reads are not modelled",
            "node_endpoints.node_id": "looked up for the current leaders",
            "node_endpoints.host": "likewise",
            "node_endpoints.port": "likewise",
            "node_endpoints.rack": "likewise",
        },
    ),
    Table(
        LIST_OFFSETS,
        messages.ListOffsetsResponse,
        {
            "partitions.partition.topic": "topics.name",
            "partitions.partition.partition": "topics.partitions.partition_index",
            "partitions.error": "topics.partitions.error_code",
            "partitions.timestamp": "topics.partitions.timestamp",
            "partitions.offset": "topics.partitions.offset",
            "partitions.leader_epoch": "topics.partitions.leader_epoch",
        },
        only_wire=THROTTLE,
    ),
    Table(
        METADATA,
        messages.MetadataResponse,
        {
            "brokers.broker_id": "brokers.node_id",
            "brokers.host": "brokers.host",
            "brokers.port": "brokers.port",
            "brokers.rack": "brokers.rack",
            "topics.topic": "topics.name",
            "topics.error": "topics.error_code",
            "topics.topic_id": "topics.topic_id",
            "topics.partitions.partition.partition": "topics.partitions.partition_index",
            "topics.partitions.error": "topics.partitions.error_code",
            "topics.partitions.leader": "topics.partitions.leader_id",
            "topics.partitions.leader_epoch": "topics.partitions.leader_epoch",
            "topics.partitions.replicas": "topics.partitions.replica_nodes",
            "topics.partitions.isr": "topics.partitions.isr_nodes",
            "topics.partitions.offline": "topics.partitions.offline_replicas",
            "controller_id": "controller_id",
            "cluster_id": "cluster_id",
        },
        only_core={
            "topics.partitions.partition.topic": "the topic it stands under",
            "transaction_version": "real clients learn it from ApiVersions",
        },
        only_wire=THROTTLE
        | {
            "error_code": "for rebootstrapping",
            "topics.is_internal": "from the name",
            "topics.topic_authorized_operations": "no authorizer",
            "cluster_authorized_operations": "no authorizer",
        },
    ),
    Table(
        CREATE_TOPICS,
        admin_messages.CreateTopicsResponse,
        {
            "topics.name": "topics.name",
            "topics.topic_id": "topics.topic_id",
            "topics.error": "topics.error_code",
            "topics.error_message": "topics.error_message",
            "topics.num_partitions": "topics.num_partitions",
            "topics.replication_factor": "topics.replication_factor",
        },
        only_wire=THROTTLE
        | {"topics.topic_config_error_code": "no authorizer"}
        | {
            f"topics.configs.{name}": "not told yet"
            for name in ("name", "value", "read_only", "config_source", "is_sensitive")
        },
    ),
    Table(
        EPOCH_END,
        messages.OffsetForLeaderEpochResponse,
        {
            "partitions.partition.topic": "topics.topic",
            "partitions.partition.partition": "topics.partitions.partition",
            "partitions.error": "topics.partitions.error_code",
            "partitions.leader_epoch": "topics.partitions.leader_epoch",
            "partitions.end_offset": "topics.partitions.end_offset",
        },
        only_wire=THROTTLE,
    ),
    Table(
        DESCRIBE_CLUSTER,
        messages.MetadataResponse,
        {
            "brokers.broker_id": "brokers.broker_id",
            "brokers.host": "brokers.host",
            "brokers.port": "brokers.port",
            "brokers.rack": "brokers.rack",
            "controller_id": "controller_id",
            "cluster_id": "cluster_id",
        },
        only_core={"topics": "none were asked for", "transaction_version": "as in Metadata"},
        only_wire=THROTTLE
        | {
            "error_code": "said by the adapter",
            "error_message": "said by the adapter",
            "endpoint_type": "brokers",
            "brokers.is_fenced": "fenced brokers are not described",
            "cluster_authorized_operations": "no authorizer",
        },
    ),
]


def schema_paths(fields: tuple[Field, ...], above: str = "") -> Iterator[str]:
    """Every leaf of a message, in all its versions."""
    for field in fields:
        yield from schema_paths(field.fields, f"{above}{field.name}.") if field.fields else [above + field.name]


def wire_values(body: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of every leaf of a decoded message; arrays hold one element at most."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from wire_values(value, f"{above}.{name}" if above else name)
    elif isinstance(body, list) and body and isinstance(body[0], dict):
        yield from wire_values(body[0], above)
    else:
        yield above, body


def core_values(message: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of every leaf of a dataclass."""
    names = [field.name for field in dataclasses.fields(message)] if dataclasses.is_dataclass(message) else []
    if isinstance(message, TopicPartition):
        names = ["topic", "partition"]
    if names:
        for name in names:
            yield from core_values(getattr(message, name), f"{above}.{name}" if above else name)
    elif isinstance(message, tuple) and message and dataclasses.is_dataclass(message[0]):
        yield from core_values(message[0], above)
    else:
        yield above, message


class Different:
    """Makes messages in which no two fields have the same value."""

    SPECIAL: ClassVar[dict[str, Any]] = {"replica_id": -7, "session_epoch": 0, "partition_index": 0}

    def __init__(self) -> None:
        self.numbers = count(11)

    def body(self, fields: tuple[Field, ...]) -> dict[str, Any]:
        """A decoded message of no particular version."""
        return {field.name: self.value(field) for field in fields}

    def value(self, field: Field) -> Any:
        one = self.body(field.fields) if field.fields else self.leaf(field)
        return [one] if field.is_array else one

    def leaf(self, field: Field) -> Any:
        if field.name == "topic_id":
            return bytes(16)
        number = self.SPECIAL.get(field.name, next(self.numbers))
        return {"bool": True, "string": f"text-{number}", "bytes": b"%d" % number, "uuid": bytes(16)}.get(
            field.type, number
        )

    def partition(self) -> TopicPartition:
        return TopicPartition("orders", next(self.numbers))

    def numbered(self, kind: type, **given: Any) -> Any:
        """A dataclass with a number in every field that is not given."""
        names = [field.name for field in dataclasses.fields(kind)]
        return kind(**{name: given[name] if name in given else next(self.numbers) for name in names})


def a_response(kind: type) -> Any:
    """One of each, no two fields alike."""
    make = Different()
    one: Any
    match kind:
        case messages.ProduceResponse:
            one = make.numbered(
                messages.ProducePartitionResult, partition=make.partition(), error=ErrorCode.NOT_LEADER_OR_FOLLOWER
            )
        case messages.FetchResponse:
            one = make.numbered(
                messages.FetchPartitionResult,
                partition=make.partition(),
                error=ErrorCode.NOT_LEADER_OR_FOLLOWER,
                records=b"records",
            )
        case messages.ListOffsetsResponse:
            one = make.numbered(
                messages.ListOffsetsPartitionResult, partition=make.partition(), error=ErrorCode.OFFSET_NOT_AVAILABLE
            )
        case messages.OffsetForLeaderEpochResponse:
            one = make.numbered(
                messages.EpochEndPartitionResult, partition=make.partition(), error=ErrorCode.UNKNOWN_LEADER_EPOCH
            )
        case admin_messages.CreateTopicsResponse:
            one = make.numbered(
                admin_messages.CreateTopicResult,
                name="orders",
                error=ErrorCode.INVALID_CONFIG,
                error_message="why",
                topic_id=ORDERS_ID,
            )
        case _:
            partition = make.numbered(
                messages.PartitionMetadata,
                partition=make.partition(),
                error=ErrorCode.LEADER_NOT_AVAILABLE,
                replicas=(1, 2),
                isr=(2,),
                offline=(1,),
            )
            topic = messages.TopicMetadata("orders", ErrorCode.INVALID_TOPIC_EXCEPTION, ORDERS_ID, (partition,))
            return messages.MetadataResponse((BrokerEndpoint(5, "host", 9, "rack"),), (topic,), 77, "cluster")
    return kind((one,))


def comparable(value: Any) -> Any:
    """Ids and sequences in one form."""
    if isinstance(value, str) and value == ORDERS_ID:
        return bytes.fromhex(value)
    return tuple(value) if isinstance(value, list) else value


def assert_complete(table: Table, direction: Any, core_paths: set[str]) -> None:
    """Nothing on either side is forgotten."""
    said = {path for wire in table.fields.values() for path in expanded(wire)}
    assert said | table.only_wire.keys() == set(schema_paths(apis()[table.key].fields(direction)))
    known = table.fields.keys() | table.only_core.keys()
    assert {path for path in core_paths if path not in known and path.split(".")[0] not in table.only_core} == set()
    assert table.fields.keys() <= core_paths


def expanded(path: str) -> list[str]:
    """`configs.name+value` stands for two."""
    above, _, names = path.rpartition(".")
    return [f"{above}.{name}" if above else name for name in names.split("+")]


@pytest.mark.parametrize("table", REQUESTS, ids=lambda table: table.core.__name__)
def test_each_field_of_a_request_arrives(table: Table) -> None:
    body = Different().body(apis()[table.key].request)
    message = adapters.request_to_core(table.key, max(versions.SERVED[table.key]), body, VIEW)
    assert isinstance(message, table.core)
    core, wire = dict(core_values(message)), dict(wire_values(body))
    assert_complete(table, "request", set(core))
    for there, here in table.fields.items():
        values = [comparable(wire[path]) for path in expanded(here)]
        wanted = values[0] if len(values) == 1 else tuple(values)
        found = comparable(core[there])
        assert found in (wanted, (wanted,)), f"{there} should be {here}"


@pytest.mark.parametrize("table", RESPONSES, ids=lambda table: f"{table.key}-{table.core.__name__}")
def test_each_field_of_a_response_arrives(table: Table) -> None:
    response = a_response(table.core)
    asked = Different().body(apis()[table.key].request)
    body = adapters.response_to_wire(response, asked, VIEW)
    core, wire = dict(core_values(response)), dict(wire_values(body))
    assert_complete(table, "response", set(core))
    for there, here in table.fields.items():
        assert comparable(wire[here]) == comparable(core[there]), f"{here} should be {there}"


@pytest.mark.parametrize("table", RESPONSES, ids=lambda table: f"{table.key}-{table.core.__name__}")
def test_a_response_can_be_written_in_every_version(table: Table) -> None:
    asked = Different().body(apis()[table.key].request)
    body = adapters.response_to_wire(a_response(table.core), asked, VIEW)
    for version in versions.SERVED[table.key]:
        codec.encode(table.key, version, "response", body)


# --- what the adapters answer themselves ---


def produce(topic: dict[str, Any]) -> Any:
    entry = topic | {"partition_data": [{"index": 0, "records": None}]}
    body = {"acks": 1, "timeout_ms": 1, "transactional_id": None, "topic_data": [entry]}
    return record_adapters.produce_request(body, VIEW)


def test_a_topic_may_be_named_by_its_id() -> None:
    message = produce({"name": "", "topic_id": bytes.fromhex(ORDERS_ID)})
    assert message.partitions[0].partition == TopicPartition("orders", 0)
    assert message.partitions[0].records == b""
    answer = record_adapters.produce_response(
        messages.ProduceResponse((messages.ProducePartitionResult(TopicPartition("orders", 0), ErrorCode.NONE),)), VIEW
    )
    assert answer["responses"][0]["topic_id"] == bytes.fromhex(ORDERS_ID)


def test_an_unknown_id_goes_through_the_core_and_comes_back_as_it_was() -> None:
    partition = produce({"name": "", "topic_id": UNKNOWN_ID}).partitions[0].partition
    result = messages.ProducePartitionResult(partition, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    answer = record_adapters.produce_response(messages.ProduceResponse((result,)), VIEW)
    assert answer["responses"][0]["topic_id"] == UNKNOWN_ID
    assert answer["responses"][0]["partition_responses"][0]["error_code"] == ErrorCode.UNKNOWN_TOPIC_ID


@pytest.mark.parametrize("name", ["?", "?zz", "? 12", "?" + "0" * 31, "\ufffd", ""])
def test_a_strange_name_is_only_a_name(name: str) -> None:
    partition = produce({"name": name, "topic_id": bytes(16)}).partitions[0].partition
    assert partition.topic == name
    result = messages.ProducePartitionResult(partition, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    answer = record_adapters.produce_response(messages.ProduceResponse((result,)), VIEW)
    assert answer["responses"][0]["partition_responses"][0]["error_code"] == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


@pytest.mark.parametrize(("session_id", "epoch", "error"), [(0, 0, 0), (0, -1, 0), (9, -1, 0), (0, 5, 71), (9, 1, 70)])
def test_a_fetch_that_counts_on_a_session_is_refused(session_id: int, epoch: int, error: int) -> None:
    body = Different().body(apis()[FETCH].request) | {"session_id": session_id, "session_epoch": epoch}
    question = record_adapters.fetch_request(body, VIEW)
    assert (question["error_code"] if isinstance(question, dict) else 0) == error


@pytest.mark.parametrize(("old", "new"), [(3, -1), (-1, 3)])
def test_nobody_is_a_follower_over_tcp(old: int, new: int) -> None:
    body = Different().body(apis()[FETCH].request) | {"replica_id": old}
    body["replica_state"]["replica_id"] = new
    question = record_adapters.fetch_request(body, VIEW)
    assert isinstance(question, messages.FetchRequest)
    assert question.replica_id == record_adapters.UNKNOWN_REPLICA


def test_a_leader_is_hinted_at_only_to_who_is_misled() -> None:
    good = messages.FetchPartitionResult(TopicPartition("orders", 0), ErrorCode.NONE, current_leader=2)
    lost = messages.FetchPartitionResult(
        TopicPartition("orders", 1), ErrorCode.NOT_LEADER_OR_FOLLOWER, current_leader=3, current_leader_epoch=4
    )
    answer = record_adapters.fetch_response(messages.FetchResponse((good, lost)), {"isolation_level": 1}, VIEW)
    first, second = answer["responses"][0]["partitions"]
    assert first["current_leader"] == {"leader_id": -1, "leader_epoch": -1}
    assert second["current_leader"] == {"leader_id": 3, "leader_epoch": 4}
    assert first["aborted_transactions"] == []


def test_metadata_version_0_has_no_null_for_all_topics() -> None:
    ask = {"topics": [], "allow_auto_topic_creation": True}
    assert cluster_adapters.metadata_request(0, ask, VIEW) == messages.MetadataRequest(None, True)
    assert cluster_adapters.metadata_request(1, ask, VIEW) == messages.MetadataRequest((), True)


def test_an_unknown_topic_id_in_metadata_is_echoed_without_a_name() -> None:
    ask = {"topics": [{"name": None, "topic_id": UNKNOWN_ID}], "allow_auto_topic_creation": True}
    question = cluster_adapters.metadata_request(12, ask, VIEW)
    assert isinstance(question, messages.MetadataRequest)
    assert question.topics is not None
    assert not question.allow_auto_topic_creation
    unknown = messages.TopicMetadata(question.topics[0], ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    flags = {"include_topic_authorized_operations": True, "include_cluster_authorized_operations": False}
    answer = cluster_adapters.metadata_response(messages.MetadataResponse((), (unknown,)), ask | flags, VIEW)
    assert [(t["error_code"], t["name"], t["topic_id"]) for t in answer["topics"]] == [(100, None, UNKNOWN_ID)]
    assert answer["topics"][0]["topic_authorized_operations"] == 3576
    assert answer["cluster_id"] == "a-cluster"


@pytest.mark.parametrize("version", [10, 11])
def test_metadata_by_id_is_not_asked_before_version_12(version: int) -> None:
    ask = {"topics": [{"name": None, "topic_id": UNKNOWN_ID}], "allow_auto_topic_creation": True}
    answer = cluster_adapters.metadata_request(version, ask, VIEW)
    assert isinstance(answer, dict)
    assert answer["topics"][0]["error_code"] == ErrorCode.INVALID_REQUEST
    codec.encode(METADATA, version, "response", answer)


@pytest.mark.parametrize(("endpoint_type", "error"), [(2, 114), (3, 115)])
def test_a_broker_describes_brokers_only(endpoint_type: int, error: int) -> None:
    answer = cluster_adapters.describe_cluster_request({"endpoint_type": endpoint_type})
    assert isinstance(answer, dict)
    assert answer["error_code"] == error
    for version in (1, 2):
        codec.encode(DESCRIBE_CLUSTER, version, "response", answer)


def test_every_group_is_referred_to_the_first_broker_in_every_version() -> None:
    for version in versions.SERVED[FIND_COORDINATOR]:
        answer = cluster_adapters.find_coordinator_response({"coordinator_keys": ["g"]}, VIEW)
        wire = b"".join(codec.encode(FIND_COORDINATOR, version, "response", answer))
        told = codec.decode(FIND_COORDINATOR, version, "response", wire)
        assert (told["coordinators"][0] if version >= 4 else told)["port"] == 9_091


def test_timestamps_of_later_versions_are_unsupported() -> None:
    ask = {"partition_index": 0, "current_leader_epoch": -1, "timestamp": -3}
    answer = record_adapters.list_offsets_request({"topics": [{"name": "orders", "partitions": [ask]}]})
    assert isinstance(answer, dict)
    assert answer["topics"][0]["partitions"] == [{"partition_index": 0, "error_code": ErrorCode.UNSUPPORTED_VERSION}]


def test_an_assignment_with_a_gap_is_passed_on_as_one_without_replicas() -> None:
    topic = {"name": "t", "num_partitions": -1, "replication_factor": -1, "configs": []}
    topic["assignments"] = [{"partition_index": 0, "broker_ids": [1]}, {"partition_index": 2, "broker_ids": [2]}]
    message = cluster_adapters.create_topics_request({"topics": [topic], "timeout_ms": 1, "validate_only": False})
    assert message.topics[0].assignment == ((1,), ())


def test_a_topic_named_twice_has_one_answer() -> None:
    twice = admin_messages.CreateTopicResult("t", ErrorCode.INVALID_REQUEST)
    answer = admin_messages.CreateTopicsResponse((twice, twice))
    assert len(cluster_adapters.create_topics_response(answer)["topics"]) == 1
