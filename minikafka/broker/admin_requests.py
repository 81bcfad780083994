"""What administrators ask a broker: most of it is passed on, and a few things only a broker can answer.

```
 CreateTopics, ElectLeaders, settings to change, … ─▶ active controller
 settings in force, bytes on disk                  ─▶ this broker knows
```

* A broker answers for itself: its own settings and its own disk. Whoever wants another's asks that one.
* A setting is described with everything that is set for it, the value in force first.

Mirrors the admin handlers of `KafkaApis`, `ConfigHelper` and `ReplicaManager.describeLogDirs`. What we leave out:
several log directories, ACLs, quotas.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TypeAlias

from minikafka.broker.forwarding import Forwarder
from minikafka.broker.replica_manager import ReplicaManager
from minikafka.config import ServerConfig, TopicConfig, dotted
from minikafka.effects import Effect, Send
from minikafka.metadata import settings
from minikafka.metadata.image import MetadataImage
from minikafka.protocol import admin_messages as admin
from minikafka.protocol.admin_messages import ConfigEntry, DescribedConfigs
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, Response
from minikafka.protocol.quorum_messages import DescribeQuorumRequest
from minikafka.types import BrokerId, Millis, TopicPartition

PassedOn: TypeAlias = (
    admin.CreateTopicsRequest
    | admin.DeleteTopicsRequest
    | admin.CreatePartitionsRequest
    | admin.IncrementalAlterConfigsRequest
    | admin.ElectLeadersRequest
    | admin.AlterPartitionReassignmentsRequest
    | admin.ListPartitionReassignmentsRequest
    | admin.UnregisterBrokerRequest
    | DescribeQuorumRequest
)
"""What the active controller answers, whichever broker is asked."""

AnsweredHere: TypeAlias = admin.DescribeConfigsRequest | admin.DescribeLogDirsRequest

FROM_TOPIC, FROM_BROKER, FROM_ALL_BROKERS, FROM_FILE, FROM_DEFAULT, FROM_GROUP = 1, 2, 3, 4, 5, 8
"""Where a value comes from (`ConfigSource`)."""

_TYPES = {"bool": 1, "str": 2, "int": 3, "Millis": 5, "float": 6}


class AdminRequests:
    """Answers them for one broker."""

    def __init__(self, config: ServerConfig, replicas: ReplicaManager, forwarder: Forwarder) -> None:
        self.config = config
        self.replicas = replicas
        self.forwarder = forwarder

    def serve(self, envelope: Envelope, request: PassedOn | AnsweredHere, now: Millis) -> list[Effect]:
        """Pass a request on, or answer it."""
        response: Response
        match request:
            case admin.DescribeConfigsRequest():
                response = describe_configs(self.replicas.image, self.config, self.replicas.broker_id, request)
            case admin.DescribeLogDirsRequest():
                response = self._describe_log_dirs(request)
            case _:
                return self.forwarder.forward(envelope, request, now)
        return [Send(envelope.reply(response))]

    def _describe_log_dirs(self, request: admin.DescribeLogDirsRequest) -> admin.DescribeLogDirsResponse:
        held = [
            (name, self._bytes_of(name), max(partition.log.high_watermark - partition.log.log_end_offset, 0))
            for name, partition in sorted(self.replicas.partitions.items())
            if request.partitions is None or name in request.partitions
        ]
        return admin.DescribeLogDirsResponse(ErrorCode.NONE, tuple(held))

    def _bytes_of(self, name: TopicPartition) -> int:
        disk = self.replicas.disk
        return sum(disk.size(path) for path in disk.paths() if path.startswith(f"{name}/") and path.endswith(".log"))


# --- settings in force ---


def describe_configs(
    image: MetadataImage, config: ServerConfig, broker: BrokerId, request: admin.DescribeConfigsRequest
) -> admin.DescribeConfigsResponse:
    """The settings of topics, of this broker, of all brokers ("") and of groups."""
    return admin.DescribeConfigsResponse(
        tuple(_describe(image, config, broker, kind, name, keys) for kind, name, keys in request.resources)
    )


def _describe(
    image: MetadataImage,
    config: ServerConfig,
    broker: BrokerId,
    kind: int,
    name: str,
    keys: tuple[str, ...] | None,
) -> DescribedConfigs:
    if kind == admin.TOPIC_RESOURCE:
        if name not in image.topics:
            sentence = f"The topic {name!r} does not exist."
            return DescribedConfigs(kind, name, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, sentence)
        entries = [topic_entry(image, config, broker, name, key) for key in settings.values_of(TopicConfig())]
    elif kind == admin.BROKER_RESOURCE:
        if name not in ("", str(broker)):
            sentence = f"This is broker {broker}: ask broker {name} itself."
            return DescribedConfigs(kind, name, ErrorCode.INVALID_REQUEST, sentence)
        entries = _broker_entries(image, config, broker, name)
    elif kind == admin.GROUP_RESOURCE:
        own = image.settings.get((kind, name), {})
        entries = [ConfigEntry(key, value, FROM_GROUP, config_type=3) for key, value in sorted(own.items())]
    else:
        return DescribedConfigs(kind, name, ErrorCode.INVALID_REQUEST, f"Resources of type {kind} have no settings.")
    wanted = tuple(entry for entry in entries if not keys or entry.name in keys)
    return DescribedConfigs(kind, name, ErrorCode.NONE, None, wanted)


def topic_entry(image: MetadataImage, config: ServerConfig, broker: BrokerId, topic: str, key: str) -> ConfigEntry:
    """One setting of a topic: its own value, else that of the broker under the name it has there."""
    own = image.topics[topic].configs.get(key)
    synonyms = [] if own is None else [(key, own, FROM_TOPIC)]
    at_broker = settings.BROKER_NAME_OF.get(key)
    if at_broker is not None:
        synonyms += _broker_values(image, config, broker, at_broker)
    else:
        synonyms.append((key, settings.values_of(TopicConfig())[key], FROM_DEFAULT))
    return _entry(TopicConfig, key, synonyms, read_only=False)


def _broker_entries(image: MetadataImage, config: ServerConfig, broker: BrokerId, name: str) -> list[ConfigEntry]:
    for_all = image.settings.get((admin.BROKER_RESOURCE, settings.ALL_BROKERS), {})
    if name == settings.ALL_BROKERS:
        return [
            _entry(ServerConfig, key, [(key, value, FROM_ALL_BROKERS)], read_only=False)
            for key, value in sorted(for_all.items())
        ]
    return [
        _entry(ServerConfig, key, _broker_values(image, config, broker, key), read_only=key not in settings.DYNAMIC)
        for key in settings.values_of(config)
    ]


def _broker_values(
    image: MetadataImage, config: ServerConfig, broker: BrokerId, key: str
) -> list[tuple[str, str, int]]:
    """Everything that is set for a broker's setting, the value in force first."""
    found = []
    for resource, source in ((str(broker), FROM_BROKER), (settings.ALL_BROKERS, FROM_ALL_BROKERS)):
        value = image.settings.get((admin.BROKER_RESOURCE, resource), {}).get(key)
        if value is not None:
            found.append((key, value, source))
    started, default = settings.values_of(config)[key], settings.values_of(ServerConfig())[key]
    if started != default:
        found.append((key, started, FROM_FILE))
    return [*found, (key, default, FROM_DEFAULT)]


def _entry(
    role: type[ServerConfig | TopicConfig], key: str, synonyms: list[tuple[str, str, int]], *, read_only: bool
) -> ConfigEntry:
    _, value, source = synonyms[0]
    kind = next((str(one.type) for one in fields(role) if dotted(one.name) == key), "str")
    number = 7 if key in settings.LISTS else _TYPES.get(kind, 2)
    return ConfigEntry(key, value, source, read_only, number, tuple(synonyms))
