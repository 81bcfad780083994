"""What brokers ask of the active controller: requests inwards, responses outwards (see `adapters.py`).

What we leave out: features and log directories of a broker, several listeners.
"""

from __future__ import annotations

from minikafka.protocol import controller_messages as control
from minikafka.protocol import transaction_messages as txn
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.server.view import NO_TOPIC_ID, Ask, id_out, name_in
from minikafka.types import TopicPartition


def registration_request(ask: Ask) -> control.BrokerRegistrationRequest:
    """A broker that has started."""
    body = ask.body
    listener: Body = body["listeners"][0] if body["listeners"] else {"host": "", "port": 0}
    return control.BrokerRegistrationRequest(
        body["broker_id"],
        body["incarnation_id"].hex(),
        body["previous_broker_epoch"],
        (listener["host"], listener["port"]),
        body["rack"],
    )


def registration_response(response: control.BrokerRegistrationResponse, _ask: Ask) -> Body:
    """Its epoch."""
    return {"error_code": response.error, "broker_epoch": response.broker_epoch}


def heartbeat_request(ask: Ask) -> control.BrokerHeartbeatRequest:
    """A broker that is alive."""
    body = ask.body
    return control.BrokerHeartbeatRequest(
        body["broker_id"],
        body["broker_epoch"],
        body["current_metadata_offset"],
        body["want_fence"],
        body["want_shut_down"],
    )


def heartbeat_response(response: control.BrokerHeartbeatResponse, _ask: Ask) -> Body:
    """How it stands."""
    return {
        "error_code": response.error,
        "is_caught_up": response.is_caught_up,
        "is_fenced": response.is_fenced,
        "should_shut_down": response.should_shut_down,
    }


def isr_request(ask: Ask) -> control.AlterPartitionRequest:
    """Another ISR for one partition. Raises `ValueError` for several: brokers here ask about one at a time."""
    body = ask.body
    named = [(topic, one) for topic in body["topics"] for one in topic["partitions"]]
    if len(named) != 1:
        raise ValueError(f"AlterPartition for {len(named)} partitions at once is not served")
    topic, one = named[0]
    members = [control.IsrMember(member["broker_id"], member["broker_epoch"]) for member in one["new_isr_with_epochs"]]
    return control.AlterPartitionRequest(
        body["broker_id"],
        body["broker_epoch"],
        TopicPartition(name_in(topic, "topic_name", ask.view), one["partition_index"]),
        one["leader_epoch"],
        one["partition_epoch"],
        tuple(members or map(control.IsrMember, one["new_isr"])),
        one["leader_recovery_state"] != 0,
    )


def isr_response(response: control.AlterPartitionResponse, ask: Ask) -> Body:
    """The partition as it is written now."""
    partition = {
        "partition_index": response.partition.partition,
        "error_code": response.error,
        "leader_id": response.leader,
        "leader_epoch": response.leader_epoch,
        "isr": list(response.isr),
        "leader_recovery_state": int(response.recovering),
        "partition_epoch": response.partition_epoch,
    }
    topic_id = id_out(response.partition.topic, ask.view) or NO_TOPIC_ID
    return {"error_code": ErrorCode.NONE, "topics": [{"topic_id": topic_id, "partitions": [partition]}]}


def producer_ids_request(ask: Ask) -> txn.AllocateProducerIdsRequest:
    """The next block of producer ids."""
    return txn.AllocateProducerIdsRequest(ask.body["broker_id"], ask.body["broker_epoch"])


def producer_ids_response(response: txn.AllocateProducerIdsResponse, _ask: Ask) -> Body:
    """Where it begins, and how many there are."""
    return {
        "error_code": response.error,
        "producer_id_start": response.first,
        "producer_id_len": response.count,
    }
