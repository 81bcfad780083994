"""Creating and looking at topics: confluent-kafka's `admin` names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minikafka.api import KafkaError, KafkaException, bootstrap_of
from minikafka.client.admin import AdminNode
from minikafka.config import AdminConfig, read_settings
from minikafka.protocol.admin_messages import CreateTopicsRequest, CreateTopicsResponse, NewTopicSpec
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import MetadataRequest, MetadataResponse, Request, Response


class NewTopic:
    """A topic to create."""

    def __init__(
        self,
        topic: str,
        num_partitions: int = -1,
        replication_factor: int = -1,
        replica_assignment: Sequence[Sequence[int]] | None = None,
        config: Mapping[str, str] | None = None,
    ) -> None:
        """-1 asks for the brokers' defaults; `replica_assignment` lists the brokers of each partition in order."""
        self.topic = topic
        self.num_partitions = num_partitions
        self.replication_factor = replication_factor
        self.replica_assignment = replica_assignment
        self.config = dict(config or {})

    def spec(self) -> NewTopicSpec:
        """As it goes into the request."""
        assignment = tuple(tuple(replicas) for replicas in self.replica_assignment or ())
        configs = tuple((name, str(value)) for name, value in self.config.items())
        return NewTopicSpec(self.topic, self.num_partitions, self.replication_factor, assignment, configs)


class Outcome:
    """A result that is already there, with the calls of a future."""

    def __init__(self, error: KafkaError | None) -> None:
        self._error = error

    def result(self, timeout: float | None = None) -> None:
        """None, or raises `KafkaException`."""
        if self._error is not None:
            raise KafkaException(self._error)

    def exception(self, timeout: float | None = None) -> KafkaException | None:
        """The exception `result` would raise."""
        return None if self._error is None else KafkaException(self._error)

    def done(self) -> bool:
        """Always."""
        return True


class AdminClient:
    """Creates topics and says how things stand."""

    def __init__(self, conf: Mapping[str, Any]) -> None:
        """`conf` has Kafka's dotted names; `bootstrap.servers` is a `Cluster`. Raises `ConfigError`."""
        config = read_settings(AdminConfig, conf, "admin")
        self.cluster, first = bootstrap_of(config.bootstrap_servers)
        self.node = self.cluster.add_admin(config.client_id, config, first)

    def create_topics(self, new_topics: Sequence[NewTopic], request_timeout: float = 30) -> dict[str, Outcome]:
        """Create topics; each has its own outcome."""
        request = CreateTopicsRequest(tuple(topic.spec() for topic in new_topics))
        answer = self._ask(request, "create " + ", ".join(topic.topic for topic in new_topics), request_timeout)
        assert isinstance(answer, CreateTopicsResponse)
        return {
            result.name: Outcome(
                None
                if result.error == ErrorCode.NONE
                else KafkaError(result.error, result.error_message or result.error.name)
            )
            for result in answer.topics
        }

    def list_topics(self, topic: str | None = None, timeout: float = 30) -> MetadataResponse:
        """The cluster as the asked broker has read it."""
        request = MetadataRequest(None if topic is None else (topic,))
        answer = self._ask(request, "list topics", timeout)
        assert isinstance(answer, MetadataResponse)
        return answer

    def _ask(self, request: Request, name: str, timeout: float) -> Response:
        tickets: list[int] = []

        def act(node: AdminNode, now: int) -> list[Any]:
            ticket, effects = node.ask(request, now)
            tickets.append(ticket)
            return effects

        self.cluster.call(self.node, name, act)
        node = self.cluster.client(self.node)
        if not self.cluster.sim.run_until(lambda: tickets[0] in node.answers, round(timeout * 1000)):
            raise KafkaException(KafkaError(ErrorCode.REQUEST_TIMED_OUT, "No broker answered in time."))
        answer: Response = node.answers[tickets[0]]
        return answer
