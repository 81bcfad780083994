"""minikafka: a Kafka small enough to read, honest enough for real clients, deterministic enough to replay.

```python
from minikafka import Cluster, Producer

cluster = Cluster(brokers=3, seed=7)
producer = Producer({"bootstrap.servers": cluster, "acks": "all"})
producer.produce("orders", key=b"alice", value=b"tea", on_delivery=print)
producer.flush(10)
```

Names are loaded when they are first used, so that `import minikafka` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minikafka.api import KafkaError, KafkaException, Message, TopicPartition
    from minikafka.cluster import Cluster
    from minikafka.config import ConfigError
    from minikafka.consumer import Consumer
    from minikafka.live import opened
    from minikafka.producer import Producer
    from minikafka.stage.chart import chart, graph
    from minikafka.stage.widget import show
    from minikafka.world import play

__version__ = "0.1.0"

_HOMES = {
    "Cluster": "minikafka.cluster",
    "Producer": "minikafka.producer",
    "Consumer": "minikafka.consumer",
    "Message": "minikafka.api",
    "TopicPartition": "minikafka.api",
    "KafkaError": "minikafka.api",
    "KafkaException": "minikafka.api",
    "ConfigError": "minikafka.config",
    "chart": "minikafka.stage.chart",
    "graph": "minikafka.stage.chart",
    "opened": "minikafka.live",
    "play": "minikafka.world",
    "show": "minikafka.stage.widget",
}

__all__ = [
    "Cluster",
    "ConfigError",
    "Consumer",
    "KafkaError",
    "KafkaException",
    "Message",
    "Producer",
    "TopicPartition",
    "chart",
    "graph",
    "opened",
    "play",
    "show",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"minikafka has no {name!r}; it has {', '.join(__all__)}")
