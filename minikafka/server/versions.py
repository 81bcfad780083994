"""What we say we can: the first question of every client, and the answer that everything else follows from.

A client takes, for each API, the highest version that both sides know; what is shown here decides what it sends. So
only what works is shown, with one exception, and what must go together is shown together:

- Produce is shown from version 0 on, though 0 to 2 do not work here, nor in Kafka 4: old librdkafka looks for version 0
  to learn whether it may compress, and would silently send everything uncompressed (KAFKA-18659).
- Produce 13, which names topics by id, is shown only with Metadata 10 or later, which tells the ids: a Java client that
  finds the one without the other never gets a record through.

    client: ApiVersions v5?   →   error 35, "ApiVersions: 0 to 4", written as version 0, which everybody can read
    client: ApiVersions v4?   →   the whole table

- A Java client takes transaction protocol 2 from the feature `transaction.version` alone, and then relies on Produce
  12, TxnOffsetCommit 5 and EndTxn 5 without a look at the table: the feature is shown only with all three (KIP-890).

What we leave out: features that change nothing here (`metadata.version` and the like are not shown), telemetry (71,
72), share groups, and everything else that has no line in `SERVED`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.server.schema import apis

PRODUCE, API_VERSIONS = 0, 18

SERVED: dict[int, range] = {
    0: range(3, 14),
    1: range(4, 19),
    2: range(1, 12),
    3: range(14),
    8: range(2, 11),
    9: range(1, 11),
    10: range(7),
    11: range(10),
    12: range(5),
    13: range(6),
    14: range(6),
    15: range(7),
    16: range(6),
    18: range(5),
    19: range(2, 8),
    20: range(1, 7),
    21: range(3),
    22: range(6),
    23: range(2, 5),
    24: range(6),
    25: range(5),
    26: range(6),
    28: range(6),
    29: range(1, 4),
    30: range(1, 4),
    31: range(1, 4),
    32: range(1, 5),
    35: range(1, 5),
    37: range(4),
    42: range(3),
    43: range(3),
    44: range(2),
    45: range(2),
    46: range(1),
    47: range(1),
    55: range(3),
    60: range(3),
    61: range(1),
    65: range(1),
    66: range(2),  # 2 would filter by a pattern
    68: range(2),
    69: range(2),
    75: range(1),
}
"""Versions that are really answered, for each API key (names in `schema.txt`)."""

BETWEEN_BROKERS: dict[int, range] = {27: range(1, 3)}
"""What a broker answers besides, when its coordinators are in other processes."""
SERVED_BY_CONTROLLERS: dict[int, range] = {
    1: range(17, 19),
    18: range(5),
    52: range(3),
    53: range(2),
    54: range(2),
    56: range(2, 4),
    58: range(1),
    59: range(2),
    62: range(5),
    63: range(2),
    67: range(1),
}
"""What a controller with a port of its own answers: brokers and other controllers."""
PASSED_ON = frozenset({19, 20, 37, 43, 44, 45, 46, 55})
"""What may come to a controller in an Envelope."""
Served: TypeAlias = Mapping[int, range]

_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?")


def shown(served: Served = SERVED) -> list[Body]:
    """The rows of the table that clients get."""
    return [_row(key, 0 if key == PRODUCE else versions.start, versions.stop - 1) for key, versions in served.items()]


def is_served(key: int, version: int, served: Served = SERVED) -> bool:
    """Whether a request of this API and version can be answered."""
    return version in served.get(key, ())


def api_versions_response(version: int, asked: Body, transaction_version: int, served: Served = SERVED) -> Body:
    """The table; or INVALID_REQUEST for a client whose name for itself is malformed (KIP-511)."""
    names = (asked["client_software_name"], asked["client_software_version"])
    if version >= 3 and not all(_SOFTWARE.fullmatch(name) for name in names):
        return {"error_code": ErrorCode.INVALID_REQUEST, "api_keys": []}
    known = [("group.version", 1, 1), ("transaction.version", 2, transaction_version)]
    supported = [{"name": name, "min_version": 0, "max_version": highest} for name, highest, _ in known]
    finalized = [
        {"name": name, "max_version_level": level, "min_version_level": level} for name, _, level in known if level
    ]
    return {
        "error_code": ErrorCode.NONE,
        "api_keys": shown(served),
        # KAFKA-17011: a client of version 3 takes a minimum of 0 for a mistake
        "supported_features": supported if version >= 4 else [],
        "finalized_features_epoch": 0,
        "finalized_features": finalized,
    }


def fallback_response() -> Body:
    """For a version of ApiVersions that we lack: which ones there are. To be written as version 0 (KIP-511)."""
    versions = SERVED[API_VERSIONS]
    row = _row(API_VERSIONS, versions.start, versions.stop - 1)
    return {"error_code": ErrorCode.UNSUPPORTED_VERSION, "api_keys": [row]}


def check_served() -> None:
    """What is served is described by the schema, and what needs another is shown with it."""
    for key, versions in SERVED.items():
        known = apis()[key].versions
        assert known.start <= versions.start and versions.stop <= known.stop, f"{apis()[key].name} {versions}"
    together = {0: 12, 28: 5, 26: 5}
    assert all(version in SERVED.get(key, ()) for key, version in together.items()), "transaction.version 2 needs them"
    assert 68 in SERVED, "group.version 1 is the protocol of ConsumerGroupHeartbeat"
    assert 13 not in SERVED[0] or 10 in SERVED[3], "Produce 13 needs the topic ids that Metadata 10 tells"


def _row(key: int, lowest: int, highest: int) -> Body:
    return {"api_key": key, "min_version": lowest, "max_version": highest}
