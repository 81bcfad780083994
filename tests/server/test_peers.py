"""What brokers and controllers say to each other comes out at the other end as it went in: requests and answers."""

from __future__ import annotations

import dataclasses

import pytest
from adapter_kit import ORDERS_ID, VIEW

from minikafka.config import MAX_LONG
from minikafka.protocol import admin_messages as admin
from minikafka.protocol import controller_messages as control
from minikafka.protocol import quorum_messages as quorum
from minikafka.protocol import transaction_messages as txn
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import (
    FetchPartition,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    Request,
    Response,
)
from minikafka.server import adapters, codec, frontend, peer_requests, peer_responses, versions
from minikafka.server.codec import CodecError, RequestHeader
from minikafka.server.view import Ask
from minikafka.types import METADATA_PARTITION, NO_EPOCH, TopicPartition

CONTROLLER_VIEW = dataclasses.replace(VIEW, holds_metadata_log=True)
ZERO, ONE = TopicPartition("orders", 0), TopicPartition("orders", 1)
NONE, BUSY = ErrorCode.NONE, ErrorCode.CONCURRENT_TRANSACTIONS

EXCHANGES: list[tuple[Request, Response]] = [
    (
        FetchRequest(2, (FetchPartition(ZERO, 7, 3, 2, 1_000, 1, MAX_LONG), FetchPartition(ONE, 0)), 55, 400, 1, 9_000),
        FetchResponse(
            (
                FetchPartitionResult(ZERO, NONE, 9, 1, b"batches", last_stable_offset=8),
                FetchPartitionResult(ONE, NONE, 9, 1, b"", 2, 5),
            )
        ),
    ),
    (
        FetchRequest(3_002, (FetchPartition(METADATA_PARTITION, 7, 3, 2, high_watermark=6),), cluster_voter=True),
        FetchResponse(
            (
                FetchPartitionResult(
                    METADATA_PARTITION,
                    NONE,
                    9,
                    0,
                    b"",
                    current_leader=3_001,
                    current_leader_epoch=4,
                    snapshot_id=(100, 3),
                ),
            )
        ),
    ),
    (
        FetchRequest(2, (FetchPartition(METADATA_PARTITION, 7, 3, 2, high_watermark=6),)),
        FetchResponse(
            (
                FetchPartitionResult(
                    METADATA_PARTITION, ErrorCode.FENCED_LEADER_EPOCH, current_leader=3_001, current_leader_epoch=4
                ),
            )
        ),
    ),
    (
        quorum.FetchSnapshotRequest(2, 100, 3, 17, 4, 512),
        quorum.FetchSnapshotResponse(NONE, 900, 17, b"half", 3_001, 4),
    ),
    (quorum.VoteRequest(3_002, 5, 4, 99, pre_vote=True), quorum.VoteResponse(NONE, 5, 3_001, True)),
    (quorum.BeginQuorumEpochRequest(3_001, 5), quorum.BeginQuorumEpochResponse(NONE, 5, 3_001)),
    (
        quorum.EndQuorumEpochRequest(3_001, 5, (3_003, 3_002)),
        quorum.EndQuorumEpochResponse(ErrorCode.FENCED_LEADER_EPOCH, 6, 3_002),
    ),
    (
        control.BrokerRegistrationRequest(2, "ab" * 16, 41, ("127.0.0.1", 9_093), "a"),
        control.BrokerRegistrationResponse(NONE, 77),
    ),
    (
        control.BrokerHeartbeatRequest(2, 77, 80, want_shut_down=True),
        control.BrokerHeartbeatResponse(NONE, True, False, True),
    ),
    (
        control.AlterPartitionRequest(
            1, 76, ONE, 3, 9, (control.IsrMember(1, 76), control.IsrMember(2, 77)), recovering=True
        ),
        control.AlterPartitionResponse(ONE, NONE, 1, 3, (1, 2), 10),
    ),
    (
        control.AlterPartitionRequest(1, 76, ONE, 3, 9, (control.IsrMember(1, 76),)),
        control.AlterPartitionResponse(ONE, ErrorCode.INVALID_UPDATE_VERSION),
    ),
    (txn.AllocateProducerIdsRequest(2, 77), txn.AllocateProducerIdsResponse(NONE, 3_000, 1_000)),
    (
        txn.AddPartitionsToTxnRequest(
            (txn.TransactionToAdd("a", 7, 1, (ZERO, ONE), True), txn.TransactionToAdd("b", 8, 2, (ONE,))),
            from_broker=True,
        ),
        txn.AddPartitionsToTxnResponse(NONE, (("a", ZERO, NONE), ("a", ONE, BUSY), ("b", ONE, NONE))),
    ),
    (
        txn.WriteTxnMarkersRequest(
            (txn.TxnMarker(7, 1, True, (ZERO, ONE), 4), txn.TxnMarker(8, 2, False, (ONE,), 4, transaction_version=1))
        ),
        txn.WriteTxnMarkersResponse(((7, ZERO, NONE), (7, ONE, BUSY), (8, ONE, NONE))),
    ),
    (
        admin.CreateTopicsRequest(
            (
                admin.NewTopicSpec("a", 3, 2, configs=(("retention.ms", "5"),)),
                admin.NewTopicSpec("b", assignment=((1, 2), (2, 3))),
            ),
            1_234,
            True,
        ),
        admin.CreateTopicsResponse(
            (
                admin.CreateTopicResult("a", NONE, None, ORDERS_ID, 3, 2),
                admin.CreateTopicResult("b", ErrorCode.TOPIC_ALREADY_EXISTS, "There is one."),
            )
        ),
    ),
    (
        admin.DeleteTopicsRequest((("a", ""), (None, ORDERS_ID)), 1_234),
        admin.DeleteTopicsResponse(
            (admin.DeletedTopic("a", ORDERS_ID, NONE), admin.DeletedTopic(None, ORDERS_ID, ErrorCode.UNKNOWN_TOPIC_ID))
        ),
    ),
    (
        admin.CreatePartitionsRequest((admin.NewPartitionsSpec("a", 4, ((1,), (2,))), admin.NewPartitionsSpec("b", 2))),
        admin.CreatePartitionsResponse((admin.NamedResult("a", NONE), admin.NamedResult("b", BUSY, "Why."))),
    ),
    (
        admin.IncrementalAlterConfigsRequest(
            (admin.ConfigChange(2, "a", "x", 0, "1"), admin.ConfigChange(2, "a", "y", 1)), ((2, "a"), (4, "1")), True
        ),
        admin.IncrementalAlterConfigsResponse((admin.ResourceResult(2, "a", BUSY, "Why."),)),
    ),
    (
        admin.ElectLeadersRequest(1, (ZERO, ONE), 5),
        admin.ElectLeadersResponse(NONE, ((ZERO, NONE, None), (ONE, BUSY, "Why."))),
    ),
    (admin.ElectLeadersRequest(0, None), admin.ElectLeadersResponse(NONE)),
    (
        admin.AlterPartitionReassignmentsRequest(((ZERO, (1, 2)), (ONE, None)), 5, False),
        admin.AlterPartitionReassignmentsResponse(NONE, None, ((ZERO, NONE, None), (ONE, BUSY, "Why."))),
    ),
    (
        admin.ListPartitionReassignmentsRequest((ZERO,)),
        admin.ListPartitionReassignmentsResponse(NONE, (admin.OngoingReassignment(ZERO, (1, 2), (2,), (3,)),)),
    ),
    (
        quorum.DescribeQuorumRequest(),
        quorum.DescribeQuorumResponse(
            NONE, 3_001, 4, 99, (quorum.QuorumReplica(3_001, 99, 5, 6),), (quorum.QuorumReplica(2, 98, 5, 6),)
        ),
    ),
]


def asked_over_the_wire(question: Request) -> tuple[peer_requests.PeerRequest, Ask, object]:
    """The question's wire form, and what the peer made of its bytes."""
    sent = peer_requests.request_out(question, VIEW)
    data = b"".join(codec.encode(sent.key, sent.version, "request", sent.body))
    body = codec.decode(sent.key, sent.version, "request", data)
    ask = Ask(sent.version, body, CONTROLLER_VIEW, trusts_replicas=True)
    return sent, ask, adapters.request_to_core(sent.key, ask)


@pytest.mark.parametrize(("question", "answer"), EXCHANGES, ids=[type(asked).__name__ for asked, _ in EXCHANGES])
def test_a_peer_understands_what_was_meant(question: Request, answer: Response) -> None:
    sent, ask, understood = asked_over_the_wire(question)
    assert understood == question
    body = adapters.response_to_wire(sent.key, answer, ask)
    data = b"".join(codec.encode(sent.key, sent.version, "response", body))
    received = codec.decode(sent.key, sent.version, "response", data)
    assert peer_responses.response_in(question, received, VIEW) == answer


@pytest.mark.parametrize("question", [asked for asked, _ in EXCHANGES if "Request" in type(asked).__name__])
def test_each_goes_where_it_is_served(question: Request) -> None:
    sent = peer_requests.request_out(question, VIEW)
    if sent.is_passed_on:
        assert sent.key in versions.PASSED_ON
        assert versions.is_served(sent.key, sent.version)
    else:
        everywhere = (versions.SERVED, versions.BETWEEN_BROKERS, versions.SERVED_BY_CONTROLLERS)
        assert any(versions.is_served(sent.key, sent.version, served) for served in everywhere)


@pytest.mark.parametrize("key", [56, 59, 62, 63, 67, 52, 53, 54, 1])
def test_who_is_not_the_active_controller_says_so_in_every_answer(key: int) -> None:
    version = versions.SERVED_BY_CONTROLLERS[key][-1]
    body = adapters.response_to_wire(key, quorum.NotControllerResponse(3_002, 5), Ask(version, {}, VIEW))
    data = b"".join(codec.encode(key, version, "response", body))
    received = codec.decode(key, version, "response", data)
    question = control.BrokerHeartbeatRequest(1, 2, 3)
    assert peer_responses.response_in(question, received, VIEW) == quorum.NotControllerResponse()


def test_over_tcp_nobody_is_a_replica_where_brokers_share_a_process() -> None:
    sent, ask, _ = asked_over_the_wire(FetchRequest(2, (FetchPartition(ZERO, 7),)))
    understood = adapters.request_to_core(sent.key, dataclasses.replace(ask, trusts_replicas=False))
    assert isinstance(understood, FetchRequest)
    assert understood.replica_id == 2**31 - 1
    assert not understood.cluster_voter


def test_a_topic_that_the_leader_has_not_heard_of_is_an_unknown_id_and_no_other_topic() -> None:
    unknown = dataclasses.replace(VIEW, image=type(VIEW.image)())
    sent, ask, _ = asked_over_the_wire(FetchRequest(2, (FetchPartition(ZERO, 7),)))
    named = TopicPartition(f"?{ORDERS_ID}", 0)
    at_leader = dataclasses.replace(ask, view=unknown)
    understood = adapters.request_to_core(sent.key, at_leader)
    assert isinstance(understood, FetchRequest)
    assert understood.partitions[0].partition == named
    refused = FetchResponse((FetchPartitionResult(named, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),))
    body = adapters.response_to_wire(sent.key, refused, at_leader)
    data = b"".join(codec.encode(sent.key, sent.version, "response", body))
    received = codec.decode(sent.key, sent.version, "response", data)
    told = peer_responses.response_in(FetchRequest(2, ()), received, VIEW)
    assert isinstance(told, FetchResponse)
    assert told.partitions[0].partition == ZERO
    assert told.partitions[0].error == ErrorCode.UNKNOWN_TOPIC_ID
    assert told.partitions[0].current_leader_epoch == NO_EPOCH


DELETION = admin.DeleteTopicsRequest((("a", ""),), 1_234)


def test_a_request_passed_on_in_an_envelope_comes_out_of_it_and_its_answer_goes_back_in_one() -> None:
    sent = peer_requests.request_out(DELETION, VIEW)
    inside = codec.request_frame(sent.key, sent.version, 7, "broker-2", sent.body)[codec.SIZE_BYTES :]
    header, body = frontend._opened({"request_data": inside})
    assert header == RequestHeader(sent.key, sent.version, 7, "broker-2")
    asked = frontend.Asked(header, Ask(header.api_version, body, VIEW), in_envelope=True)
    answer = admin.DeleteTopicsResponse((admin.DeletedTopic("a", ORDERS_ID, NONE),))
    sealed = frontend._sealed(asked, answer)
    assert sealed["error_code"] == NONE
    number, received = codec.decode_response(sent.key, sent.version, sealed["response_data"])
    assert (number, peer_responses.response_in(DELETION, received, VIEW)) == (7, answer)
    refused = {"response_data": None, "error_code": ErrorCode.NOT_CONTROLLER}
    assert frontend._sealed(asked, quorum.NotControllerResponse()) == refused


def test_only_what_the_controller_decides_travels_in_an_envelope() -> None:
    metadata = codec.request_frame(3, 9, 7, "broker-2", {"topics": None})[codec.SIZE_BYTES :]
    with pytest.raises(CodecError, match="Metadata does not travel in an Envelope"):
        frontend._opened({"request_data": metadata})
