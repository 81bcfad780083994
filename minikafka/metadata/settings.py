"""Which settings are in force: those that were changed while the cluster runs, over those it was started with.

```
 retention.ms of topic orders     the topic's own  >  broker 2's  >  all brokers'  >  started with  >  default
```

* A dynamic setting is a record like any other: whoever has replayed it obeys it, some a little later than others.
* Of a broker's settings only those in `DYNAMIC` may change while it runs.

Mirrors `DynamicBrokerConfig`, `LogConfig` and `KafkaConfigSchema`. What we leave out: settings of listeners, threads
and security, and lists that grow and shrink (APPEND, SUBTRACT) but for `cleanup.policy`.
"""

from __future__ import annotations

from dataclasses import fields

from minikafka.config import ConfigError, ServerConfig, TopicConfig, dotted, overridden
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import BROKER_SETTINGS
from minikafka.types import BrokerId

DYNAMIC = frozenset(
    {
        "log.cleaner.backoff.ms", "log.cleaner.delete.retention.ms", "log.cleaner.max.compaction.lag.ms",
        "log.cleaner.min.cleanable.ratio", "log.cleaner.min.compaction.lag.ms", "log.cleanup.policy",
        "log.index.interval.bytes", "log.message.timestamp.after.max.ms", "log.message.timestamp.before.max.ms",
        "log.message.timestamp.type", "log.retention.bytes", "log.retention.ms", "log.roll.ms", "log.segment.bytes",
        "log.segment.delete.delay.ms", "message.max.bytes", "min.insync.replicas", "producer.id.expiration.ms",
        "transaction.partition.verification.enable", "unclean.leader.election.enable",
    }
)  # fmt: skip
"""Broker settings that may change while a broker runs (`DynamicBrokerConfig.AllDynamicConfigs`)."""

GROUP = frozenset({"consumer.session.timeout.ms", "consumer.heartbeat.interval.ms"})
"""Settings of a consumer group (KIP-848)."""

ALL_BROKERS = ""
LISTS = frozenset({"cleanup.policy", "log.cleanup.policy"})
"""Settings that are lists, so that APPEND and SUBTRACT mean something."""

BROKER_NAME_OF = {
    "min.insync.replicas": "min.insync.replicas",
    "unclean.leader.election.enable": "unclean.leader.election.enable",
    "max.message.bytes": "message.max.bytes",
    "segment.bytes": "log.segment.bytes",
    "segment.ms": "log.roll.ms",
    "retention.ms": "log.retention.ms",
    "retention.bytes": "log.retention.bytes",
    "cleanup.policy": "log.cleanup.policy",
    "delete.retention.ms": "log.cleaner.delete.retention.ms",
    "min.compaction.lag.ms": "log.cleaner.min.compaction.lag.ms",
    "max.compaction.lag.ms": "log.cleaner.max.compaction.lag.ms",
    "min.cleanable.dirty.ratio": "log.cleaner.min.cleanable.ratio",
    "file.delete.delay.ms": "log.segment.delete.delay.ms",
    "index.interval.bytes": "log.index.interval.bytes",
    "message.timestamp.type": "log.message.timestamp.type",
    "message.timestamp.before.max.ms": "log.message.timestamp.before.max.ms",
    "message.timestamp.after.max.ms": "log.message.timestamp.after.max.ms",
}
"""What a topic's setting is called where it is set for all topics of a broker."""


def server_settings(image: MetadataImage, config: ServerConfig, broker: BrokerId | None = None) -> ServerConfig:
    """A broker's settings with what has been changed since its start; None: what holds for all brokers."""
    for_all = image.settings.get((BROKER_SETTINGS, ALL_BROKERS), {})
    own = {} if broker is None else image.settings.get((BROKER_SETTINGS, str(broker)), {})
    changed = {**for_all, **own}
    return overridden(config, changed, "broker") if changed else config


def topic_settings(
    image: MetadataImage, config: ServerConfig, topic: str, broker: BrokerId | None = None
) -> TopicConfig:
    """A topic's settings as `broker` (or, for None, the controller) has them."""
    return server_settings(image, config, broker).topic(image.topics[topic].configs)


def check_topic_settings(config: ServerConfig, configs: dict[str, str]) -> None:
    """Raises `ConfigError` for names and values that no topic may have (`LogConfig.validate`)."""
    settings = config.topic(configs)
    for name, least in _LEAST.items():
        value = getattr(settings, name.replace(".", "_"))
        if value < least:
            raise ConfigError(f"Invalid value {value} for configuration {name}: it must be at least {least}.")
    for name, choices in _CHOICES.items():
        value = getattr(settings, name.replace(".", "_"))
        words = [word for word in value.split(",") if word] if name in LISTS else [value]
        wrong = [word for word in words if word not in choices]
        if wrong:
            listed = ", ".join(choices)
            raise ConfigError(f"Invalid value {wrong[0]} for configuration {name}: it must be one of {listed}.")
    if not 0 <= settings.min_cleanable_dirty_ratio <= 1:
        raise ConfigError("min.cleanable.dirty.ratio must be a number from 0 to 1.")
    if settings.min_compaction_lag_ms > settings.max_compaction_lag_ms:
        raise ConfigError("min.compaction.lag.ms must not be larger than max.compaction.lag.ms.")


_LEAST = {
    "min.insync.replicas": 1, "max.message.bytes": 0, "segment.bytes": 61, "segment.ms": 1, "retention.ms": -1,
    "retention.bytes": -1, "delete.retention.ms": 0, "min.compaction.lag.ms": 0, "max.compaction.lag.ms": 1,
    "file.delete.delay.ms": 0, "index.interval.bytes": 0, "message.timestamp.before.max.ms": 0,
    "message.timestamp.after.max.ms": 0,
}  # fmt: skip
_CHOICES = {
    "cleanup.policy": ("compact", "delete"),
    "message.timestamp.type": ("CreateTime", "LogAppendTime"),
    "compression.type": ("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
}


def written(value: object) -> str:
    """A setting's value as Kafka writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def values_of(settings: ServerConfig | TopicConfig) -> dict[str, str]:
    """All settings by dotted name, written as Kafka writes them."""
    return {dotted(one.name): written(getattr(settings, one.name)) for one in fields(settings)}
