"""What producers and their coordinator say: requests inwards, responses outwards (see `adapters.py`).

Which protocol a transaction follows is said by versions alone (KIP-890): EndTxn 5, Produce 12 and TxnOffsetCommit 5 are
protocol 2. `versions.py` shows them together or not at all.

What we leave out: transactions with a coordinator outside (KIP-939, InitProducerId 6).
"""

from __future__ import annotations

from minikafka.protocol import transaction_messages as txn
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.server.view import Ask, by_topic, first, numbers_out, partitions_in
from minikafka.types import TopicPartition

# --- a producer and its transactions ----------------------------------------------------------------------------------


def init_request(ask: Ask) -> txn.InitProducerIdRequest:
    """Who am I?"""
    body = ask.body
    return txn.InitProducerIdRequest(
        body["transactional_id"],
        body["transaction_timeout_ms"],
        body["producer_id"],
        body["producer_epoch"],
        says_fenced=ask.version >= 4,
    )


def init_response(response: txn.InitProducerIdResponse, _ask: Ask) -> Body:
    """You are this one, in this life."""
    return _producer(response)


def _producer(response: txn.InitProducerIdResponse | txn.EndTxnResponse) -> Body:
    return {
        "error_code": response.error,
        "producer_id": response.producer_id,
        "producer_epoch": response.producer_epoch,
    }


def add_partitions_request(ask: Ask) -> txn.AddPartitionsToTxnRequest:
    """One transaction of a producer below version 4; from then on many of them, asked about by a broker."""
    body = ask.body
    if ask.version >= 4:
        added = tuple(_to_add(one, "", "topics", ask) for one in body["transactions"])
    else:
        added = (_to_add(body | {"verify_only": False}, "v3_and_below_", "v3_and_below_topics", ask),)
    return txn.AddPartitionsToTxnRequest(added, from_broker=ask.version >= 4, says_fenced=ask.version >= 2)


def _to_add(one: Body, prefix: str, topics: str, ask: Ask) -> txn.TransactionToAdd:
    return txn.TransactionToAdd(
        one[f"{prefix}transactional_id"],
        one[f"{prefix}producer_id"],
        one[f"{prefix}producer_epoch"],
        partitions_in(one[topics], "partitions", ask.view),
        one["verify_only"],
    )


def add_partitions_response(response: txn.AddPartitionsToTxnResponse, _ask: Ask) -> Body:
    """In both shapes; the old one knows a single transaction, and no error of its own."""
    ids = list(dict.fromkeys(name for name, _, _ in response.results))
    by_transaction = [
        {"transactional_id": name, "topic_results": _added(response.results, name)} for name in ids
    ]  # fmt: skip
    return {
        "error_code": response.error,
        "results_by_transaction": by_transaction,
        "results_by_topic_v3_and_below": by_transaction[0]["topic_results"] if by_transaction else [],
    }


def _added(results: tuple[tuple[str, TopicPartition, ErrorCode], ...], transactional_id: str) -> list[Body]:
    own = [(partition, error) for name, partition, error in results if name == transactional_id]
    return [
        {
            "name": topic,
            "results_by_partition": [
                {"partition_index": one.partition, "partition_error_code": error} for one, error in group
            ],
        }
        for topic, group in by_topic(own, first)
    ]


def add_offsets_request(ask: Ask) -> txn.AddOffsetsToTxnRequest:
    """The offsets of a group take part."""
    body = ask.body
    return txn.AddOffsetsToTxnRequest(
        body["transactional_id"],
        body["producer_id"],
        body["producer_epoch"],
        body["group_id"],
        says_fenced=ask.version >= 2,
    )


def add_offsets_response(response: txn.AddOffsetsToTxnResponse, _ask: Ask) -> Body:
    """Added, or not."""
    return {"error_code": response.error}


def end_request(ask: Ask) -> txn.EndTxnRequest:
    """Commit, or abort."""
    body = ask.body
    return txn.EndTxnRequest(
        body["transactional_id"],
        body["producer_id"],
        body["producer_epoch"],
        body["committed"],
        bumps_epoch=ask.version >= 5,
        says_fenced=ask.version >= 2,
    )


def end_response(response: txn.EndTxnResponse, _ask: Ask) -> Body:
    """Decided; from version 5 on with the producer's next life."""
    return _producer(response)


def write_markers_request(ask: Ask) -> txn.WriteTxnMarkersRequest:
    """A coordinator's decisions. Before version 2 there was one protocol only."""
    markers = tuple(
        txn.TxnMarker(
            one["producer_id"],
            one["producer_epoch"],
            one["transaction_result"],
            partitions_in(one["topics"], "partition_indexes", ask.view),
            one["coordinator_epoch"],
            max(one["transaction_version"], 1),
        )
        for one in ask.body["markers"]
    )
    return txn.WriteTxnMarkersRequest(markers)


def write_markers_response(response: txn.WriteTxnMarkersResponse, _ask: Ask) -> Body:
    """Written, or not, producer by producer."""
    ids = list(dict.fromkeys(producer for producer, _, _ in response.results))
    return {"markers": [{"producer_id": one, "topics": _marked(response.results, one)} for one in ids]}


def _marked(results: tuple[tuple[int, TopicPartition, ErrorCode], ...], producer_id: int) -> list[Body]:
    own = [(partition, error) for producer, partition, error in results if producer == producer_id]
    return [
        {"name": topic, "partitions": [{"partition_index": at.partition, "error_code": error} for at, error in group]}
        for topic, group in by_topic(own, first)
    ]


# --- looking at producers and transactions ----------------------------------------------------------------------------


def describe_producers_request(ask: Ask) -> txn.DescribeProducersRequest:
    """Who has written here?"""
    return txn.DescribeProducersRequest(partitions_in(ask.body["topics"], "partition_indexes", ask.view))


def describe_producers_response(response: txn.DescribeProducersResponse, _ask: Ask) -> Body:
    """As the leader of each partition knows them."""
    topics = [
        {
            "name": topic,
            "partitions": [
                {
                    "partition_index": one.partition,
                    "error_code": error,
                    "error_message": None,
                    "active_producers": [_active(producer) for producer in producers],
                }
                for one, error, producers in group
            ],
        }
        for topic, group in by_topic(response.partitions, first)
    ]
    return {"topics": topics}


def _active(producer: txn.ActiveProducer) -> Body:
    return {
        "producer_id": producer.producer_id,
        "producer_epoch": producer.producer_epoch,
        "last_sequence": producer.last_sequence,
        "last_timestamp": producer.last_timestamp_ms,
        "coordinator_epoch": producer.coordinator_epoch,
        "current_txn_start_offset": producer.current_transaction_start,
    }


def describe_transactions_request(ask: Ask) -> txn.DescribeTransactionsRequest:
    """How do these stand?"""
    return txn.DescribeTransactionsRequest(tuple(ask.body["transactional_ids"]))


def describe_transactions_response(response: txn.DescribeTransactionsResponse, _ask: Ask) -> Body:
    """As their coordinator knows them."""
    return {"transaction_states": [_described(one) for one in response.transactions]}


def _described(one: txn.DescribedTransaction) -> Body:
    return {
        "error_code": one.error,
        "transactional_id": one.transactional_id,
        "transaction_state": one.state,
        "transaction_timeout_ms": one.timeout_ms,
        "transaction_start_time_ms": one.start_ms,
        "producer_id": one.producer_id,
        "producer_epoch": one.producer_epoch,
        "topics": [{"topic": topic, "partitions": numbers} for topic, numbers in numbers_out(one.partitions)],
    }


def list_transactions_request(ask: Ask) -> txn.ListTransactionsRequest:
    """Which are coordinated here?"""
    body = ask.body
    return txn.ListTransactionsRequest(
        tuple(body["state_filters"]), tuple(body["producer_id_filters"]), body["duration_filter"]
    )  # fmt: skip


def list_transactions_response(response: txn.ListTransactionsResponse, _ask: Ask) -> Body:
    """Their states; names of states that there are not are said."""
    listed = [
        {"transactional_id": name, "producer_id": producer, "transaction_state": state}
        for name, producer, state in response.transactions
    ]
    return {
        "error_code": response.error,
        "unknown_state_filters": response.unknown_states,
        "transaction_states": listed,
    }
