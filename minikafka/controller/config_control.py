"""Settings that change while the cluster runs: of a topic, of a broker or of all, of a group.

```
 SET orders retention.ms=60000  →  ConfigRecord  →  every broker replays and obeys
```

* A change that names something wrong changes nothing of its resource; the other resources of the request stand.
* min.insync.replicas is what the ELR was counted with. Whoever changes it clears the ELR in the same batch, and it is a
  setting of topics and of the whole cluster, never of one broker (KIP-966).

Mirrors `ConfigurationControlManager`. What we leave out: policies of your own
(`alter.config.policy.class.name`).
"""

from __future__ import annotations

from minikafka.config import ConfigError, ServerConfig, overridden, unknown_name
from minikafka.coordinator.result import CoordinatorResult
from minikafka.metadata import settings
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import (
    BROKER_SETTINGS,
    GROUP_SETTINGS,
    TOPIC_SETTINGS,
    ClearElrRecord,
    ConfigRecord,
    MetadataRecord,
)
from minikafka.protocol.admin_messages import (
    APPEND,
    DELETE,
    SET,
    SUBTRACT,
    ConfigChange,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
    ResourceResult,
)
from minikafka.protocol.errors import ErrorCode

MIN_ISR = "min.insync.replicas"
Resource = tuple[int, str]


class Refusal(Exception):
    """Why a resource's changes are not made; caught where its answer is written."""

    def __init__(self, error: ErrorCode, sentence: str) -> None:
        super().__init__(sentence)
        self.error = error
        self.sentence = sentence


def alter_configs(
    image: MetadataImage, config: ServerConfig, request: IncrementalAlterConfigsRequest
) -> CoordinatorResult[MetadataRecord, IncrementalAlterConfigsResponse]:
    """Change settings, resource by resource."""
    records: list[MetadataRecord] = []
    results = []
    named = request.resources or tuple(dict.fromkeys((one.resource_type, one.resource_name) for one in request.changes))
    for resource in named:
        if named.count(resource) > 1:
            sentence = "Each resource must appear at most once."
            results.append(ResourceResult(*resource, ErrorCode.INVALID_REQUEST, sentence))
            continue
        changes = [one for one in request.changes if (one.resource_type, one.resource_name) == resource]
        try:
            records += change_resource(image, config, resource, changes)
        except Refusal as refusal:
            results.append(ResourceResult(*resource, refusal.error, refusal.sentence))
        else:
            results.append(ResourceResult(*resource, ErrorCode.NONE))
    response = IncrementalAlterConfigsResponse(tuple(results))
    return CoordinatorResult(() if request.validate_only else tuple(records), response)


def change_resource(
    image: MetadataImage, config: ServerConfig, resource: Resource, changes: list[ConfigChange]
) -> list[MetadataRecord]:
    """The records for one resource. Raises `Refusal`."""
    kind, name = resource
    before = _settings_of(image, resource)
    after = dict(before)
    names = [change.name for change in changes]
    for change in changes:
        if names.count(change.name) > 1:
            raise Refusal(ErrorCode.INVALID_REQUEST, f"{change.name} is changed twice in one request.")
        _apply(after, change)
    _check(image, config, resource, changes, after)
    altered = [setting for setting in names if before.get(setting) != after.get(setting)]
    records: list[MetadataRecord] = [ConfigRecord(name, setting, after.get(setting), kind) for setting in altered]
    if MIN_ISR in altered and config.eligible_leader_replicas_enable:
        records.append(ClearElrRecord(name if kind == TOPIC_SETTINGS else ""))
    return records


def _settings_of(image: MetadataImage, resource: Resource) -> dict[str, str]:
    kind, name = resource
    if kind == TOPIC_SETTINGS:
        topic = image.topics.get(name)
        if topic is None:
            raise Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"The topic {name!r} does not exist.")
        return topic.configs
    if kind == BROKER_SETTINGS and name and (not name.isdecimal() or int(name) not in image.brokers):
        raise Refusal(ErrorCode.INVALID_REQUEST, f"There is no broker {name!r}.")
    if kind not in (BROKER_SETTINGS, GROUP_SETTINGS):
        raise Refusal(ErrorCode.INVALID_REQUEST, f"Resources of type {kind} have no settings here.")
    return image.settings.get(resource, {})


def _apply(values: dict[str, str], change: ConfigChange) -> None:
    if change.operation == DELETE:
        values.pop(change.name, None)
        return
    if change.value is None:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"{change.name} is given no value.")
    if change.operation == SET:
        values[change.name] = change.value
        return
    if change.operation not in (APPEND, SUBTRACT):
        raise Refusal(ErrorCode.INVALID_REQUEST, f"There is no operation {change.operation}.")
    if change.name not in settings.LISTS:
        raise Refusal(ErrorCode.INVALID_CONFIG, f"{change.name} is no list: it can be set, not added to.")
    there = [word for word in values.get(change.name, "delete").split(",") if word]
    asked = [word for word in change.value.split(",") if word]
    if change.operation == APPEND:
        words = there + [word for word in asked if word not in there]
    else:
        words = [word for word in there if word not in asked]
    values[change.name] = ",".join(words)


def _check(
    image: MetadataImage, config: ServerConfig, resource: Resource, changes: list[ConfigChange], after: dict[str, str]
) -> None:
    kind, name = resource
    if kind == TOPIC_SETTINGS:
        try:
            settings.check_topic_settings(settings.server_settings(image, config), after)
        except ConfigError as problem:
            raise Refusal(ErrorCode.INVALID_CONFIG, str(problem)) from None
    elif kind == BROKER_SETTINGS:
        _check_broker(config, name, changes, after)
    else:
        unknown = [setting for setting in after if setting not in settings.GROUP]
        if unknown:
            raise Refusal(ErrorCode.INVALID_CONFIG, unknown_name("group setting", unknown[0], list(settings.GROUP)))


def _check_broker(config: ServerConfig, name: str, changes: list[ConfigChange], after: dict[str, str]) -> None:
    for change in changes:
        if change.name not in settings.DYNAMIC:
            sentence = f"{change.name} cannot be changed while a broker runs."
            raise Refusal(ErrorCode.INVALID_REQUEST, sentence)
        if change.name == MIN_ISR and config.eligible_leader_replicas_enable:
            _check_min_isr(name, change)
    try:
        settings.check_topic_settings(overridden(config, after, "broker"), {})
    except ConfigError as problem:
        raise Refusal(ErrorCode.INVALID_REQUEST, str(problem)) from None


def _check_min_isr(name: str, change: ConfigChange) -> None:
    """KIP-966: the ELR counts with one number for the whole cluster, and there must always be one."""
    if name:
        sentence = "Broker-level min.insync.replicas cannot be altered while ELR is enabled."
        raise Refusal(ErrorCode.INVALID_CONFIG, sentence)
    if change.operation == DELETE:
        sentence = "Cluster-level min.insync.replicas cannot be removed while ELR is enabled."
        raise Refusal(ErrorCode.INVALID_CONFIG, sentence)
