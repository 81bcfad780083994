"""Between the wire's many shapes and the core's one: each API's request inwards, each response outwards.

The problem: the core's messages are flat, have no versions and name topics by name. The wire groups partitions by
topic, says some things only from some version on, and since KIP-516 names topics by id. The idea: two small functions
for each API (in the files named `…_adapters.py`), and no version beyond them.

    {"topic_data": [{"name": "orders", "partition_data": [{"index": 0, …}, {"index": 1, …}]}]}
        ⇅
    ProduceRequest(partitions=(ProducePartition(orders-0, …), ProducePartition(orders-1, …)))

- What has no place in the core is answered here: endpoint types, access lists; fetch sessions in `fetch_sessions.py`.
- What a version stands for (a flag of the core's message) is said here, and nowhere else.
- A test holds every field of every dataclass against every field of the schema: what is not translated is listed there,
  with its reason.

The other two directions, requests outwards and responses inwards, which a broker needs that has its own process, are in
`peer_requests.py` and `peer_responses.py`.

What we leave out: the Envelope (58), which `frontend.py` opens before it looks here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from minikafka.protocol import messages
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.quorum_messages import NotControllerResponse
from minikafka.server import (
    admin_adapters,
    cluster_adapters,
    controller_adapters,
    group_adapters,
    group_admin_adapters,
    offset_adapters,
    quorum_adapters,
    record_adapters,
    transaction_adapters,
)
from minikafka.server.compiler import Body
from minikafka.server.schema import apis
from minikafka.server.view import Ask

Question: TypeAlias = messages.Request | Body
"""What a request came to: a message for the core, or the answer itself when the core has no part in it."""
Inwards: TypeAlias = Callable[[Ask], Question]
Outwards: TypeAlias = Callable[[Any, Ask], Body]


def answered_here(response: messages.Message, _ask: Ask) -> Body:
    """For an API in which the core has no part."""
    raise AssertionError(f"{type(response).__name__} answers a request that the core never saw")


ADAPTERS: dict[int, tuple[Inwards, Outwards]] = {
    0: (record_adapters.produce_request, record_adapters.produce_response),
    1: (record_adapters.fetch_request, record_adapters.fetch_response),
    2: (record_adapters.list_offsets_request, record_adapters.list_offsets_response),
    3: (cluster_adapters.metadata_request, cluster_adapters.metadata_response),
    8: (offset_adapters.commit_request, offset_adapters.commit_response),
    9: (offset_adapters.fetch_request, offset_adapters.fetch_response),
    10: (group_adapters.find_coordinator_request, group_adapters.find_coordinator_response),
    11: (group_adapters.join_request, group_adapters.join_response),
    12: (group_adapters.heartbeat_request, group_adapters.heartbeat_response),
    13: (group_adapters.leave_request, group_adapters.leave_response),
    14: (group_adapters.sync_request, group_adapters.sync_response),
    15: (group_admin_adapters.describe_request, group_admin_adapters.describe_response),
    16: (group_admin_adapters.list_request, group_admin_adapters.list_response),
    19: (cluster_adapters.create_topics_request, cluster_adapters.create_topics_response),
    20: (admin_adapters.delete_topics_request, admin_adapters.delete_topics_response),
    21: (admin_adapters.delete_records_request, admin_adapters.delete_records_response),
    22: (transaction_adapters.init_request, transaction_adapters.init_response),
    23: (record_adapters.epoch_end_request, record_adapters.epoch_end_response),
    24: (transaction_adapters.add_partitions_request, transaction_adapters.add_partitions_response),
    25: (transaction_adapters.add_offsets_request, transaction_adapters.add_offsets_response),
    26: (transaction_adapters.end_request, transaction_adapters.end_response),
    27: (transaction_adapters.write_markers_request, transaction_adapters.write_markers_response),
    28: (offset_adapters.transactional_commit_request, offset_adapters.commit_response),
    29: (admin_adapters.describe_acls, answered_here),
    30: (admin_adapters.create_acls, answered_here),
    31: (admin_adapters.delete_acls, answered_here),
    32: (admin_adapters.describe_configs_request, admin_adapters.describe_configs_response),
    35: (admin_adapters.log_dirs_request, admin_adapters.log_dirs_response),
    37: (admin_adapters.create_partitions_request, admin_adapters.create_partitions_response),
    42: (group_admin_adapters.delete_request, group_admin_adapters.delete_response),
    43: (admin_adapters.elect_request, admin_adapters.elect_response),
    44: (admin_adapters.alter_configs_request, admin_adapters.alter_configs_response),
    45: (admin_adapters.reassign_request, admin_adapters.reassign_response),
    46: (admin_adapters.list_reassignments_request, admin_adapters.list_reassignments_response),
    47: (offset_adapters.delete_request, offset_adapters.delete_response),
    52: (quorum_adapters.vote_request, quorum_adapters.vote_response),
    53: (quorum_adapters.begin_request, quorum_adapters.begin_response),
    54: (quorum_adapters.end_request, quorum_adapters.end_response),
    55: (admin_adapters.quorum_request, admin_adapters.quorum_response),
    56: (controller_adapters.isr_request, controller_adapters.isr_response),
    59: (quorum_adapters.snapshot_request, quorum_adapters.snapshot_response),
    60: (cluster_adapters.describe_cluster_request, cluster_adapters.describe_cluster_response),
    61: (transaction_adapters.describe_producers_request, transaction_adapters.describe_producers_response),
    62: (controller_adapters.registration_request, controller_adapters.registration_response),
    63: (controller_adapters.heartbeat_request, controller_adapters.heartbeat_response),
    65: (transaction_adapters.describe_transactions_request, transaction_adapters.describe_transactions_response),
    66: (transaction_adapters.list_transactions_request, transaction_adapters.list_transactions_response),
    67: (controller_adapters.producer_ids_request, controller_adapters.producer_ids_response),
    68: (group_adapters.consumer_heartbeat_request, group_adapters.consumer_heartbeat_response),
    69: (group_admin_adapters.describe_consumer_request, group_admin_adapters.describe_consumer_response),
    75: (cluster_adapters.describe_partitions_request, cluster_adapters.describe_partitions_response),
}
"""For each API key: the request inwards, the response outwards."""


def request_to_core(key: int, ask: Ask) -> Question:
    """The core's message for a decoded request."""
    assert key in ADAPTERS, f"API {key} is advertised, but has no adapter"
    return ADAPTERS[key][0](ask)


def response_to_wire(key: int, response: messages.Message, ask: Ask) -> Body:
    """The wire's form of an answer of the core; `ask` is the request as it was decoded."""
    if isinstance(response, NotControllerResponse):
        return refusal(key, ask.version, response.error)
    return ADAPTERS[key][1](response, ask)


def refusal(key: int, version: int, error: ErrorCode) -> Body:
    """An answer of which only the error at its top means something."""
    fields = apis()[key].response
    assert any(field.name == "error_code" and version in field.versions for field in fields), f"API {key} has no place"
    return {field.name: field.default for field in fields} | {"error_code": error}
