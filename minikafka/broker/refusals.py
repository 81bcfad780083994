"""The answer that refuses a whole request for one reason: for each kind of request in its own shape.

Kafka writes an error where the answer has a place for it: at the top, or at every topic and partition that was named.

Mirrors `AbstractRequest.getErrorResponse`. What we leave out: refusals for lack of permission, and messages beside
the codes.
"""

from __future__ import annotations

from minikafka.protocol import admin_messages as admin
from minikafka.protocol import quorum_messages as quorum
from minikafka.protocol import transaction_messages as txn
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Request, Response

_SENTENCES = {
    ErrorCode.REQUEST_TIMED_OUT: "No active controller has answered in time; what was asked may or may not be done.",
    ErrorCode.NOT_CONTROLLER: "This is not the active controller.",
}


def refused(request: Request, error: ErrorCode) -> Response:  # one line for each kind
    """`request`, refused as a whole."""
    why = _SENTENCES.get(error)
    match request:
        case admin.CreateTopicsRequest():
            return admin.CreateTopicsResponse(
                tuple(admin.CreateTopicResult(topic.name, error, why) for topic in request.topics)
            )
        case admin.DeleteTopicsRequest():
            return admin.DeleteTopicsResponse(
                tuple(admin.DeletedTopic(name, topic_id, error, why) for name, topic_id in request.topics)
            )
        case admin.CreatePartitionsRequest():
            return admin.CreatePartitionsResponse(
                tuple(admin.NamedResult(topic.name, error, why) for topic in request.topics)
            )
        case admin.IncrementalAlterConfigsRequest():
            return admin.IncrementalAlterConfigsResponse(
                tuple(admin.ResourceResult(kind, name, error, why) for kind, name in request.resources)
            )
        case admin.ElectLeadersRequest():
            return admin.ElectLeadersResponse(error)
        case admin.AlterPartitionReassignmentsRequest():
            return admin.AlterPartitionReassignmentsResponse(error, why)
        case admin.ListPartitionReassignmentsRequest():
            return admin.ListPartitionReassignmentsResponse(error)
        case admin.UnregisterBrokerRequest():
            return admin.UnregisterBrokerResponse(error, why)
        case quorum.DescribeQuorumRequest():
            return quorum.DescribeQuorumResponse(error)
        case txn.AllocateProducerIdsRequest():
            return txn.AllocateProducerIdsResponse(error)
    raise AssertionError(f"a broker does not pass on {type(request).__name__}")


def says_not_controller(response: Response) -> bool:
    """Was this answered by a controller that is not the active one?"""
    return error_of(response) == ErrorCode.NOT_CONTROLLER


def error_of(response: Response) -> ErrorCode:
    """The error of the whole answer, or of its first part."""
    error = getattr(response, "error", None)
    if error is None:
        parts = getattr(response, "topics", ()) or getattr(response, "resources", ()) or ()
        error = parts[0].error if parts else ErrorCode.NONE
    return ErrorCode(error)
