from __future__ import annotations

from collections.abc import Iterator

import pytest
from server_under_test import Running, eventually

FIND_COORDINATOR, HEARTBEAT, INIT_PRODUCER_ID = 10, 12, 22
LOADING = (14, 15, 16)
"""The coordinator loads its partition, or is not there yet."""
QUICK = {
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 300,
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": 200,
}


# Servers end with their file: a grader that puts a learner's function in the engine's place would reach them, too.


@pytest.fixture(scope="module")
def cluster() -> Iterator[Running]:
    """Three brokers that no test crashes."""
    with Running(brokers=3) as running:
        yield running


@pytest.fixture(scope="module")
def alone() -> Iterator[Running]:
    """One broker: it leads and coordinates everything. Nothing waits longer than it must."""
    with Running(brokers=1, config=QUICK) as running, running.connect(1) as wire:
        beat = {"group_id": "anybody", "generation_id": 1, "member_id": "nobody"}
        begin = {"transactional_id": "anybody", "transaction_timeout_ms": 60_000}
        for kind, key, version, body in ((0, HEARTBEAT, 4, beat), (1, INIT_PRODUCER_ID, 4, begin)):
            wire.ask(FIND_COORDINATOR, 3, {"key": "anybody", "key_type": kind})
            eventually(lambda: wire.ask(key, version, body)["error_code"] not in LOADING, "a coordinator")  # noqa: B023
        yield running
