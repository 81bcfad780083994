"""Administration of a simulated cluster: confluent-kafka's `admin` names, its futures and its errors.

A call lets virtual time pass until it is answered, so each future it returns is already done. What confluent-kafka has
no call for has the name of Kafka's Java client (`alter_partition_reassignments`, `unregister_broker`).

What we leave out: ACLs, SCRAM credentials, quotas, the deprecated `alter_configs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from minikafka import admin_groups
from minikafka.admin_types import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    ConsumerGroupDescription,
    ConsumerGroupListing,
    ConsumerGroupTopicPartitions,
    DeletedRecords,
    DescribeClusterResult,
    ElectionType,
    ListConsumerGroupsResult,
    ListOffsetsResultInfo,
    MemberAssignment,
    MemberDescription,
    NewPartitions,
    NewTopic,
    Node,
    OffsetSpec,
    Outcome,
    PartitionReassignment,
    ResourceType,
    TopicCollection,
    TopicDescription,
    TopicPartitionInfo,
)
from minikafka.api import ClusterMetadata, KafkaError, KafkaException, TopicPartition, bootstrap_of, cluster_metadata
from minikafka.client.admin import AdminNode, Target
from minikafka.config import AdminConfig, read_settings
from minikafka.protocol import admin_messages as admin
from minikafka.protocol import messages
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Request, Response
from minikafka.types import INTERNAL_TOPICS, NO_LEADER, BrokerId
from minikafka.types import TopicPartition as Name

__all__ = [
    "AdminClient",
    "AlterConfigOpType",
    "ConfigEntry",
    "ConfigResource",
    "ConfigSource",
    "ConsumerGroupDescription",
    "ConsumerGroupListing",
    "ConsumerGroupTopicPartitions",
    "DeletedRecords",
    "DescribeClusterResult",
    "ElectionType",
    "ListConsumerGroupsResult",
    "ListOffsetsResultInfo",
    "MemberAssignment",
    "MemberDescription",
    "NewPartitions",
    "NewTopic",
    "Node",
    "OffsetSpec",
    "Outcome",
    "PartitionReassignment",
    "ResourceType",
    "TopicCollection",
    "TopicDescription",
    "TopicPartitionInfo",
]

Answer = TypeVar("Answer", bound=Response)


class AdminClient:
    """Changes a cluster while it runs, and says how things stand."""

    def __init__(self, conf: Mapping[str, Any]) -> None:
        """`conf` has Kafka's dotted names; `bootstrap.servers` is a `Cluster`. Raises `ConfigError`."""
        config = read_settings(AdminConfig, conf, "admin")
        self.cluster, first = bootstrap_of(config.bootstrap_servers)
        self.node = self.cluster.add_admin(config.client_id, config, first)

    # --- topics ---

    def create_topics(
        self, new_topics: Sequence[NewTopic], request_timeout: float = 30, validate_only: bool = False
    ) -> dict[str, Outcome[None]]:
        """Create topics; each has its own outcome."""
        specs = tuple(topic.spec() for topic in new_topics)
        request = admin.CreateTopicsRequest(specs, validate_only=validate_only)
        what = "create " + ", ".join(topic.topic for topic in new_topics)
        answer = self.ask(request, admin.CreateTopicsResponse, what, request_timeout)
        return {one.name: outcome(one.error, one.error_message) for one in answer.topics}

    def delete_topics(self, topics: Sequence[str], request_timeout: float = 30) -> dict[str, Outcome[None]]:
        """Delete topics; each has its own outcome. Brokers drop the replicas a moment later."""
        request = admin.DeleteTopicsRequest(tuple((topic, "") for topic in topics))
        answer = self.ask(request, admin.DeleteTopicsResponse, "delete " + ", ".join(topics), request_timeout)
        return {one.name or one.topic_id: outcome(one.error, one.error_message) for one in answer.topics}

    def create_partitions(
        self, new_partitions: Sequence[NewPartitions], request_timeout: float = 30, validate_only: bool = False
    ) -> dict[str, Outcome[None]]:
        """More partitions for topics that exist."""
        specs = tuple(topic.spec() for topic in new_partitions)
        request = admin.CreatePartitionsRequest(specs, validate_only=validate_only)
        answer = self.ask(request, admin.CreatePartitionsResponse, "more partitions", request_timeout)
        return {one.name: outcome(one.error, one.error_message) for one in answer.topics}

    def list_topics(self, topic: str | None = None, timeout: float = 30) -> ClusterMetadata:
        """The cluster as the asked broker has read it."""
        return cluster_metadata(self._metadata(None if topic is None else (topic,), timeout))

    def describe_topics(
        self, topics: TopicCollection | Sequence[str], request_timeout: float = 30
    ) -> dict[str, Outcome[TopicDescription | None]]:
        """Each topic with its partitions."""
        names = topics.topic_names if isinstance(topics, TopicCollection) else list(topics)
        news = self._metadata(tuple(names), request_timeout)
        nodes = {one.broker_id: Node(one.broker_id, one.host, one.port, one.rack) for one in news.brokers}
        return {one.topic: outcome(one.error, None, _topic_description(one, nodes)) for one in news.topics}

    def describe_cluster(self, request_timeout: float = 30) -> Outcome[DescribeClusterResult]:
        """The brokers that are alive."""
        news = self._metadata((), request_timeout)
        nodes = {one.broker_id: Node(one.broker_id, one.host, one.port, one.rack) for one in news.brokers}
        result = DescribeClusterResult(news.cluster_id, nodes.get(news.controller_id), list(nodes.values()))
        return Outcome(None, result)

    def _metadata(self, topics: tuple[str, ...] | None, timeout: float) -> messages.MetadataResponse:
        return self.ask(messages.MetadataRequest(topics), messages.MetadataResponse, "list topics", timeout)

    # --- settings ---

    def describe_configs(
        self, resources: Sequence[ConfigResource], request_timeout: float = 30
    ) -> dict[ConfigResource, Outcome[dict[str, ConfigEntry]]]:
        """All settings in force, with where each comes from. A broker is asked for its own."""
        results = {}
        for resource in resources:
            request = admin.DescribeConfigsRequest(((int(resource.restype), resource.name, None),))
            target = _broker_of(resource)
            answer = self.ask(request, admin.DescribeConfigsResponse, "describe settings", request_timeout, target)
            one = answer.resources[0]
            entries = {entry.name: _config_entry(entry) for entry in one.entries}
            results[resource] = outcome(one.error, one.error_message, entries)
        return results

    def incremental_alter_configs(
        self, resources: Sequence[ConfigResource], request_timeout: float = 30, validate_only: bool = False
    ) -> dict[ConfigResource, Outcome[None]]:
        """Change settings while the cluster runs; each resource has its own outcome."""
        changes = tuple(
            admin.ConfigChange(
                int(resource.restype),
                resource.name,
                entry.name,
                int(entry.incremental_operation or AlterConfigOpType.SET),
                entry.value,
            )
            for resource in resources
            for entry in resource.incremental_configs
        )
        named = tuple((int(resource.restype), resource.name) for resource in resources)
        request = admin.IncrementalAlterConfigsRequest(changes, named, validate_only)
        answer = self.ask(request, admin.IncrementalAlterConfigsResponse, "change settings", request_timeout)
        return {
            resource: outcome(one.error, one.error_message)
            for resource, one in zip(resources, answer.resources, strict=True)
        }

    # --- leaders and replicas ---

    def elect_leaders(
        self, election_type: ElectionType, partitions: Sequence[TopicPartition] | None = None,
        request_timeout: float = 30,
    ) -> Outcome[dict[TopicPartition, KafkaException | None]]:  # fmt: skip
        """Elect the first replica of partitions, or (UNCLEAN) anybody who is alive; None: wherever that is needed."""
        names = None if partitions is None else tuple(name_of(one) for one in partitions)
        request = admin.ElectLeadersRequest(int(election_type), names)
        answer = self.ask(request, admin.ElectLeadersResponse, "elect leaders", request_timeout)
        results = {TopicPartition(*name): outcome(error, why).exception() for name, error, why in answer.partitions}
        return outcome(answer.error, None, results)

    def alter_partition_reassignments(
        self, reassignments: Mapping[TopicPartition, Sequence[BrokerId] | None], request_timeout: float = 30
    ) -> dict[TopicPartition, Outcome[None]]:
        """Move replicas to these brokers; None cancels what is under way."""
        asked = tuple(
            (name_of(one), None if replicas is None else tuple(replicas)) for one, replicas in reassignments.items()
        )
        request = admin.AlterPartitionReassignmentsRequest(asked)
        answer = self.ask(request, admin.AlterPartitionReassignmentsResponse, "move replicas", request_timeout)
        if answer.error != ErrorCode.NONE:
            return {one: outcome(answer.error, answer.error_message) for one in reassignments}
        return {TopicPartition(*name): outcome(error, why) for name, error, why in answer.partitions}

    def list_partition_reassignments(
        self, partitions: Sequence[TopicPartition] | None = None, request_timeout: float = 30
    ) -> Outcome[dict[TopicPartition, PartitionReassignment]]:
        """Which partitions are on the move."""
        names = None if partitions is None else tuple(name_of(one) for one in partitions)
        request = admin.ListPartitionReassignmentsRequest(names)
        answer = self.ask(request, admin.ListPartitionReassignmentsResponse, "what moves?", request_timeout)
        ongoing = {
            TopicPartition(*one.partition): PartitionReassignment(
                list(one.replicas), list(one.adding), list(one.removing)
            )
            for one in answer.partitions
        }
        return outcome(answer.error, None, ongoing)

    def unregister_broker(self, broker: BrokerId, request_timeout: float = 30) -> Outcome[None]:
        """Strike off a broker that will not come back."""
        request = admin.UnregisterBrokerRequest(broker)
        answer = self.ask(request, admin.UnregisterBrokerResponse, f"unregister broker {broker}", request_timeout)
        return outcome(answer.error, answer.error_message)

    # --- records ---

    def delete_records(
        self, topic_partition_offsets: Sequence[TopicPartition], request_timeout: float = 30
    ) -> dict[TopicPartition, Outcome[DeletedRecords]]:
        """Drop everything below these offsets (-1: below the high watermark); the leader of each is asked."""
        results = {}
        for one in topic_partition_offsets:
            name = name_of(one)
            request = admin.DeleteRecordsRequest(((name, one.offset),))
            answer, error = self.try_ask(request, "delete records", request_timeout, name)
            low = -1
            if isinstance(answer, admin.DeleteRecordsResponse):
                _, error, low = answer.partitions[0]
            results[one] = outcome(error, None, DeletedRecords(low))
        return results

    def list_offsets(
        self, topic_partition_offsets: Mapping[TopicPartition, OffsetSpec], request_timeout: float = 30,
        isolation_level: int = 0,
    ) -> dict[TopicPartition, Outcome[ListOffsetsResultInfo]]:  # fmt: skip
        """Offsets by time; the leader of each partition is asked. `isolation_level` 1 is read_committed."""
        results = {}
        for one, spec in topic_partition_offsets.items():
            name = name_of(one)
            asked = messages.ListOffsetsPartition(name, spec.timestamp)
            request = messages.ListOffsetsRequest((asked,), isolation_level=int(isolation_level))
            answer, error = self.try_ask(request, "which offset?", request_timeout, name)
            found = ListOffsetsResultInfo(-1, -1, -1)
            if isinstance(answer, messages.ListOffsetsResponse):
                told = answer.partitions[0]
                error, found = told.error, ListOffsetsResultInfo(told.offset, told.timestamp, told.leader_epoch)
            results[one] = outcome(error, None, found)
        return results

    # --- groups ---

    def list_consumer_groups(self, request_timeout: float = 30) -> Outcome[ListConsumerGroupsResult]:
        """All groups; every broker is asked for those it coordinates."""
        return Outcome(None, admin_groups.list_groups(self, request_timeout))

    def describe_consumer_groups(
        self, group_ids: Sequence[str], request_timeout: float = 30
    ) -> dict[str, Outcome[ConsumerGroupDescription | None]]:
        """Members and state of groups."""
        return {group: admin_groups.describe(self, group, request_timeout) for group in group_ids}

    def delete_consumer_groups(self, group_ids: Sequence[str], request_timeout: float = 30) -> dict[str, Outcome[None]]:
        """Delete groups that have no members."""
        return {group: admin_groups.delete(self, group, request_timeout) for group in group_ids}

    def list_consumer_group_offsets(
        self, list_consumer_group_offsets_request: Sequence[ConsumerGroupTopicPartitions], request_timeout: float = 30,
        require_stable: bool = False,
    ) -> dict[str, Outcome[ConsumerGroupTopicPartitions]]:  # fmt: skip
        """What groups have committed."""
        return {
            asked.group_id: admin_groups.offsets(self, asked, request_timeout, require_stable)
            for asked in list_consumer_group_offsets_request
        }

    def alter_consumer_group_offsets(
        self, alter_consumer_group_offsets_request: Sequence[ConsumerGroupTopicPartitions],
        request_timeout: float = 30,
    ) -> dict[str, Outcome[ConsumerGroupTopicPartitions]]:  # fmt: skip
        """Commit offsets for groups that have no members."""
        return {
            asked.group_id: admin_groups.alter_offsets(self, asked, request_timeout)
            for asked in alter_consumer_group_offsets_request
        }

    # --- asking ---

    def ask(self, request: Request, wanted: type[Answer], name: str, timeout: float, target: Target = None) -> Answer:
        """Ask, and wait in virtual time. Raises `KafkaException` when nobody has answered in time."""
        answer, error = self.try_ask(request, name, timeout, target)
        if answer is None:
            raise KafkaException(KafkaError(error, "No broker answered in time."))
        assert isinstance(answer, wanted), f"{type(answer).__name__} answers {type(request).__name__}"
        return answer

    def try_ask(
        self, request: Request, name: str, timeout: float, target: Target = None
    ) -> tuple[Response | None, ErrorCode]:
        """Ask, and wait in virtual time: (answer, NONE), or None and why there is none."""
        tickets: list[int] = []
        wait_ms = round(timeout * 1000)

        def act(node: AdminNode, now: int) -> list[Any]:
            ticket, effects = node.ask(request, now, target, wait_ms)
            tickets.append(ticket)
            return effects

        self.cluster.call(self.node, name, act)
        node = self.cluster.client(self.node)
        ticket = tickets[0]
        self.cluster.sim.run_until(lambda: ticket in node.answers or ticket in node.given_up, wait_ms + 1)
        if ticket not in node.answers and ticket not in node.given_up:
            self.cluster.call(self.node, "~give up", lambda node, now: node.give_up(ticket) or [])
        answer: Response | None = node.answers.get(ticket)
        error = ErrorCode.NONE if answer is not None else node.given_up.get(ticket, ErrorCode.REQUEST_TIMED_OUT)
        return answer, error


def outcome(error: ErrorCode, sentence: str | None, value: Any = None) -> Outcome[Any]:
    """A future that is done."""
    return Outcome(None if error == ErrorCode.NONE else KafkaError(error, sentence or error.name), value)


def name_of(partition: TopicPartition) -> Name:
    """The partition as the rest of the package names it."""
    return Name(partition.topic, partition.partition)


def _topic_description(topic: messages.TopicMetadata, nodes: dict[BrokerId, Node]) -> TopicDescription:
    def known(brokers: tuple[BrokerId, ...]) -> list[Node]:
        return [nodes.get(broker, Node(broker)) for broker in brokers]

    partitions = [
        TopicPartitionInfo(
            one.partition.partition,
            None if one.leader == NO_LEADER else nodes.get(one.leader, Node(one.leader)),
            known(one.replicas),
            known(one.isr),
        )
        for one in topic.partitions
    ]
    return TopicDescription(topic.topic, topic.topic_id, partitions, topic.topic in INTERNAL_TOPICS)


def _broker_of(resource: ConfigResource) -> Target:
    is_broker = int(resource.restype) == admin.BROKER_RESOURCE and resource.name.isdecimal()
    return int(resource.name) if is_broker else None


def _config_entry(entry: admin.ConfigEntry) -> ConfigEntry:
    synonyms = {
        f"{name} ({ConfigSource(source).name})": ConfigEntry(name, value, ConfigSource(source))
        for name, value, source in entry.synonyms
    }
    source = ConfigSource(entry.source)
    is_default = source is ConfigSource.DEFAULT_CONFIG
    return ConfigEntry(entry.name, entry.value, source, entry.read_only, is_default, synonyms)
