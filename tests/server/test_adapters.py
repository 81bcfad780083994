"""Two descriptions of one message, the core's dataclass and the wire's schema, held against each other field by field.

Each message is made with a different value in every field, translated, and compared along a table. A field of either
side that is in neither the table nor the list of those left out (with the reason) fails the test.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from adapter_kit import ORDERS_ID, VIEW, Different
from admin_tables import ADMIN_REQUESTS, ADMIN_RESPONSES
from cluster_tables import CLUSTER_REQUESTS, CLUSTER_RESPONSES, DESCRIBE_CLUSTER, Table
from group_tables import GROUP_REQUESTS, GROUP_RESPONSES

from minikafka.server import adapters, codec, versions
from minikafka.server.schema import Field, apis
from minikafka.server.view import Ask
from minikafka.types import TopicPartition

REQUESTS = [*CLUSTER_REQUESTS, *GROUP_REQUESTS, *ADMIN_REQUESTS]
RESPONSES = [*CLUSTER_RESPONSES, *GROUP_RESPONSES, *ADMIN_RESPONSES]


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
    elif isinstance(message, tuple) and message and isinstance(message[0], tuple) and type(message[0]) is tuple:
        for number, value in enumerate(message[0]):
            yield from core_values(value, f"{above}.{number}")
    elif isinstance(message, tuple) and message and is_group(message[0]):
        yield from core_values(message[0], above)
    else:
        yield above, message


def is_group(value: Any) -> bool:
    """Whether it has fields of its own."""
    return dataclasses.is_dataclass(value) or isinstance(value, TopicPartition)


def a_response(kind: type) -> Any:
    """One of each, no two fields alike."""
    return Different().of(kind)


def the_request(table: Table) -> Ask:
    """In its newest version."""
    body = Different().body(apis()[table.key].request)
    return Ask(max(versions.SERVED[table.key]), body, VIEW, "me", "/127.0.0.1")


def comparable(value: Any) -> Any:
    """Ids and sequences in one form."""
    if isinstance(value, str) and value == ORDERS_ID:
        return bytes.fromhex(value)
    if isinstance(value, list | tuple) and len(value) == 1:
        return comparable(value[0])
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
    ask = the_request(table)
    message = adapters.request_to_core(table.key, ask)
    assert isinstance(message, table.core)
    core, wire = dict(core_values(message)), dict(wire_values(ask.body))
    assert_complete(table, "request", set(core))
    for there, here in table.fields.items():
        values = [comparable(wire[path]) for path in expanded(here)]
        assert comparable(core[there]) == comparable(values), f"{there} should be {here}"


@pytest.mark.parametrize("table", RESPONSES, ids=lambda table: f"{table.key}-{table.core.__name__}")
def test_each_field_of_a_response_arrives(table: Table) -> None:
    response = a_response(table.core)
    ask = dataclasses.replace(the_request(table), trusts_replicas=True)  # a follower is told more than a consumer
    body = adapters.response_to_wire(table.key, response, ask)
    core, wire = dict(core_values(response)), dict(wire_values(body))
    assert_complete(table, "response", set(core))
    for there, here in table.fields.items():
        assert comparable(wire[here]) == comparable(core[there]), f"{here} should be {there}"


@pytest.mark.parametrize("table", RESPONSES, ids=lambda table: f"{table.key}-{table.core.__name__}")
def test_a_response_can_be_written_in_every_version(table: Table) -> None:
    for version in versions.SERVED[table.key]:
        ask = dataclasses.replace(the_request(table), version=version)
        codec.encode(table.key, version, "response", adapters.response_to_wire(table.key, a_response(table.core), ask))


def test_every_api_that_is_served_is_in_both_tables() -> None:
    answered_here, others = {18, 29, 30, 31}, {DESCRIBE_CLUSTER, 55, 75}
    assert {table.key for table in RESPONSES} | answered_here == versions.SERVED.keys()
    assert {table.key for table in REQUESTS} | answered_here | others == versions.SERVED.keys()
    between = versions.BETWEEN_BROKERS.keys() | versions.SERVED_BY_CONTROLLERS.keys()  # see test_peers.py
    assert adapters.ADAPTERS.keys() | {18, 58} == versions.SERVED.keys() | between
