"""Where producer ids come from: the controller gives each broker a block of 1000, and the broker gives them out.

```
 broker 1 ─▶ AllocateProducerIds ─▶ 0 to 999          broker 2 ─▶ AllocateProducerIds ─▶ 1000 to 1999
```

* No id is ever given twice: what is left of a block when its broker dies is lost.
* The next block is asked for when nine tenths of one are used, so that hardly anybody waits; who comes while there is
  none is told COORDINATOR_LOAD_IN_PROGRESS, and asks again.

Mirrors `RPCProducerIdManager`. What we leave out: a client waits for the next block by asking again, not in the
broker.
"""

from __future__ import annotations

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.transaction_messages import AllocateProducerIdsRequest, AllocateProducerIdsResponse
from minikafka.types import NO_PRODUCER_ID, BrokerId, Epoch

PREFETCH_TENTHS = 9


class ProducerIds:
    """The ids one broker has to give."""

    def __init__(self, broker_id: BrokerId) -> None:
        self.broker_id = broker_id
        self._block = self._left = range(0)
        self._next: range | None = None
        self._wanted = False
        self._asked = False

    def take(self) -> int:
        """A producer id that nobody ever had; -1 when there is none at the moment."""
        if not self._left and self._next is not None:
            self._block = self._left = self._next
            self._next = None
        if not self._left:
            self._wanted = True
            return NO_PRODUCER_ID
        fresh, self._left = self._left[0], self._left[1:]
        used = len(self._block) - len(self._left)
        self._wanted = self._next is None and used * 10 >= len(self._block) * PREFETCH_TENTHS
        return fresh

    def request(self, broker_epoch: Epoch) -> AllocateProducerIdsRequest | None:
        """What to ask the controller now, if anything."""
        if not self._wanted or self._asked:
            return None
        self._asked = True
        return AllocateProducerIdsRequest(self.broker_id, broker_epoch)

    def answered(self, response: AllocateProducerIdsResponse) -> None:
        """A block has come, or an error: then the next one who asks tries again."""
        self._asked = self._wanted = False
        if response.error == ErrorCode.NONE:
            self._next = range(response.first, response.first + response.count)
