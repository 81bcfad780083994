"""CRC-32C (Castagnoli), the checksum of record batches.

The `crc32c` package computes it in C when it is installed; else the table below does, at about 65 µs a kilobyte.

What we leave out: other checksums; format v2 has this one alone.
"""

from __future__ import annotations

from collections.abc import Callable


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ 0x82F63B78 if byte & 1 else byte >> 1
        table.append(byte)
    return table


_TABLE = _table()


def table_crc32c(data: bytes | memoryview) -> int:
    """Checksum by table, one byte at a time: CRC-32C(b"123456789") is 0xE3069283."""
    table = _TABLE
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _fastest() -> Callable[[bytes | memoryview], int]:
    try:
        from crc32c import crc32c as in_c
    except ImportError:
        return table_crc32c
    function: Callable[[bytes | memoryview], int] = in_c
    return function


crc32c = _fastest()
"""The fastest implementation there is here; both give the same number."""
