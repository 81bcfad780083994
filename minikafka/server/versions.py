"""What we say we can: the first question of every client, and the answer that everything else follows from.

A client takes, for each API, the highest version that both sides know; what is shown here decides what it sends. So
only what works is shown, with one exception, and what must go together is shown together:

- Produce is shown from version 0 on, though 0 to 2 do not work here, nor in Kafka 4: old librdkafka looks for version 0
  to learn whether it may compress, and would silently send everything uncompressed (KAFKA-18659).
- Produce 13, which names topics by id, is shown only with Metadata 10 or later, which tells the ids: a Java client that
  finds the one without the other never gets a record through.

    client: ApiVersions v5?   →   error 35, "ApiVersions: 0 to 4", written as version 0, which everybody can read
    client: ApiVersions v4?   →   the whole table

What we leave out: features (`metadata.version` and the like are not shown), telemetry (71, 72), and everything else
that has no line in `SERVED`.
"""

from __future__ import annotations

import re

from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.server.schema import apis

PRODUCE, API_VERSIONS = 0, 18

SERVED: dict[int, range] = {
    0: range(3, 14),
    1: range(4, 19),
    2: range(1, 7),  # 7 would ask for the record with the highest timestamp, which the core does not look up
    3: range(14),
    10: range(7),
    18: range(5),
    19: range(2, 8),
    23: range(2, 5),
    60: range(3),
}
"""Versions that are really answered, for each API key (names in `schema.txt`)."""

_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?")


def shown() -> list[Body]:
    """The rows of the table that clients get."""
    return [_row(key, 0 if key == PRODUCE else versions.start, versions.stop - 1) for key, versions in SERVED.items()]


def is_served(key: int, version: int) -> bool:
    """Whether a request of this API and version can be answered."""
    return version in SERVED.get(key, ())


def api_versions_response(version: int, asked: Body) -> Body:
    """The table; or INVALID_REQUEST for a client whose name for itself is malformed (KIP-511)."""
    names = (asked["client_software_name"], asked["client_software_version"])
    if version >= 3 and not all(_SOFTWARE.fullmatch(name) for name in names):
        return {"error_code": ErrorCode.INVALID_REQUEST, "api_keys": []}
    return {"error_code": ErrorCode.NONE, "api_keys": shown()}


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
    assert 13 not in SERVED[0] or 10 in SERVED[3], "Produce 13 needs the topic ids that Metadata 10 tells"


def _row(key: int, lowest: int, highest: int) -> Body:
    return {"api_key": key, "min_version": lowest, "max_version": highest}
