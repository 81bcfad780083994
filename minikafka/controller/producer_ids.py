"""Producer ids, given out in blocks: a broker asks once for a thousand, so that nobody ever gets one twice.

```
 broker 1 asks  →  0 … 999       broker 2 asks  →  1000 … 1999       broker 1 crashes: what is left of 0 … 999 is lost
```

Mirrors `ProducerIdControlManager`. What we leave out: nothing; the whole rule is here.
"""

from __future__ import annotations

from minikafka.coordinator.result import CoordinatorResult
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import MetadataRecord, ProducerIdsRecord
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.transaction_messages import AllocateProducerIdsRequest, AllocateProducerIdsResponse

BLOCK_SIZE = 1_000
"""`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`."""


def allocate(
    image: MetadataImage, request: AllocateProducerIdsRequest
) -> CoordinatorResult[MetadataRecord, AllocateProducerIdsResponse]:
    """The next block, for a broker that is the process it says it is."""
    broker = image.brokers.get(request.broker_id)
    if broker is None:
        return CoordinatorResult((), AllocateProducerIdsResponse(ErrorCode.BROKER_ID_NOT_REGISTERED))
    if broker.broker_epoch != request.broker_epoch:
        return CoordinatorResult((), AllocateProducerIdsResponse(ErrorCode.STALE_BROKER_EPOCH))
    first = image.next_producer_id
    record = ProducerIdsRecord(request.broker_id, request.broker_epoch, first + BLOCK_SIZE)
    return CoordinatorResult((record,), AllocateProducerIdsResponse(ErrorCode.NONE, first, BLOCK_SIZE))
