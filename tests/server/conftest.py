from __future__ import annotations

from collections.abc import Iterator

import pytest
from server_under_test import Running


@pytest.fixture(scope="session")
def cluster() -> Iterator[Running]:
    """Three brokers that no test crashes."""
    with Running(brokers=3) as running:
        yield running
