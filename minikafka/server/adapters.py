"""Between the wire's many shapes and the core's one: each API's request inwards, each response outwards.

The problem: the core's messages are flat, have no versions and name topics by name. The wire groups partitions by
topic, says some things only from some version on, and since KIP-516 names topics by id. The idea: two small functions
for each API (in `record_adapters.py` and `cluster_adapters.py`), and no version beyond them.

    {"topic_data": [{"name": "orders", "partition_data": [{"index": 0, …}, {"index": 1, …}]}]}
        ⇅
    ProduceRequest(partitions=(ProducePartition(orders-0, …), ProducePartition(orders-1, …)))

- What has no place in the core is answered here: fetch sessions, endpoint types, coordinators.
- A test holds every field of every dataclass against every field of the schema: what is not translated is listed there,
  with its reason.

What we leave out: the other two directions, requests outwards and responses inwards, which a broker needs that has its
own process.
"""

from __future__ import annotations

from typing import TypeAlias

from minikafka.protocol import admin_messages, messages
from minikafka.server import cluster_adapters, record_adapters
from minikafka.server.compiler import Body
from minikafka.server.view import View

Question: TypeAlias = messages.Request | Body
"""What a request came to: a message for the core, or the answer itself when the core has no part in it."""


def request_to_core(key: int, version: int, body: Body, view: View) -> Question:
    """The core's message for a decoded request."""
    match key:
        case 0:
            return record_adapters.produce_request(body, view)
        case 1:
            return record_adapters.fetch_request(body, view)
        case 2:
            return record_adapters.list_offsets_request(body)
        case 3:
            return cluster_adapters.metadata_request(version, body, view)
        case 10:
            return cluster_adapters.find_coordinator_response(body, view)
        case 19:
            return cluster_adapters.create_topics_request(body)
        case 23:
            return record_adapters.epoch_end_request(body)
        case 60:
            return cluster_adapters.describe_cluster_request(body)
        case _:
            raise AssertionError(f"API {key} is advertised, but has no adapter")


def response_to_wire(response: messages.Message, asked: Body, view: View) -> Body:
    """The wire's form of an answer of the core; `asked` is the request as it was decoded."""
    match response:
        case messages.ProduceResponse():
            return record_adapters.produce_response(response, view)
        case messages.FetchResponse():
            return record_adapters.fetch_response(response, asked, view)
        case messages.ListOffsetsResponse():
            return record_adapters.list_offsets_response(response)
        case messages.MetadataResponse() if "endpoint_type" in asked:
            return cluster_adapters.describe_cluster_response(response, asked, view)
        case messages.MetadataResponse():
            return cluster_adapters.metadata_response(response, asked, view)
        case admin_messages.CreateTopicsResponse():
            return cluster_adapters.create_topics_response(response)
        case messages.OffsetForLeaderEpochResponse():
            return record_adapters.epoch_end_response(response)
        case _:
            raise AssertionError(f"{type(response).__name__} is no answer for a client")
