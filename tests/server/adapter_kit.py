"""A cluster to translate for, and messages in which no two fields have the same value. See `test_adapters.py`."""

from __future__ import annotations

import dataclasses
import types
from itertools import count
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import RegisterBrokerRecord, TopicRecord
from minikafka.protocol.errors import ErrorCode
from minikafka.server.schema import Field
from minikafka.server.view import View
from minikafka.types import TopicPartition

ORDERS_ID = "0123456789abcdef0123456789abcdef"
UNKNOWN_ID = bytes(range(16))


def a_view() -> View:
    image = MetadataImage()
    image.replay(TopicRecord("orders", ORDERS_ID))
    for broker in range(1, 4):
        image.replay(RegisterBrokerRecord(broker, "x", broker, "127.0.0.1", 9_090 + broker))
        image.brokers[broker] = dataclasses.replace(image.brokers[broker], fenced=False)
    return View(image, "a-cluster")


VIEW = a_view()


class Different:
    """Makes messages in which no two fields have the same value."""

    SPECIAL: ClassVar[dict[str, Any]] = {
        "replica_id": -7, "session_epoch": 0, "partition_index": 0, "max_bytes": 1_000_000,
    }  # fmt: skip

    def __init__(self) -> None:
        self.numbers = count(11)
        self.errors = iter([ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.INVALID_CONFIG, ErrorCode.CORRUPT_MESSAGE])

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

    def of(self, hint: Any, name: str = "") -> Any:
        """A value of this type; no two are alike where the type has more than one."""
        if hint is TopicPartition:
            return TopicPartition("orders", next(self.numbers))
        if hint is ErrorCode:
            return next(self.errors)
        if dataclasses.is_dataclass(hint):
            hints = get_type_hints(hint)
            return hint(**{field.name: self.of(hints[field.name], field.name) for field in dataclasses.fields(hint)})
        if get_origin(hint) is tuple:
            parts = get_args(hint)
            return (self.of(parts[0], name),) if parts[-1] is ... else tuple(self.of(part, name) for part in parts)
        if get_origin(hint) is types.UnionType:
            return self.of(get_args(hint)[0], name)
        if name == "topic_id":
            return ORDERS_ID
        number = next(self.numbers)
        return {bool: True, str: f"text-{number}", bytes: b"%d" % number, int: number}[hint]
