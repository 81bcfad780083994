"""Batches that are small and claim to be gigabytes: nothing here opens compressed data, so nothing grows."""

from __future__ import annotations

import ast
import functools
import gzip
import tracemalloc
from pathlib import Path

import pytest
from answers_kit import Topic, batches, compressed
from server_under_test import Running

from minikafka.protocol.records import CorruptBatch, RecordBatch, sealed
from minikafka.server.dump import lines_of

ROOT = Path(__file__).resolve().parents[2]
GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
CODECS = {"gzip", "zlib", "bz2", "lzma", "zipfile", "tarfile", "lz4", "snappy", "cramjam", "zstandard", "compression"}
NO_BATCHES = {
    "minikafka/sim/exhaustive.py": "packs and unpacks its own states, which no client has seen",
    "minikafka/coordinator/consumer_group.py": "zlib.crc32 alone",
    "minikafka/client/partitioner.py": "zlib.crc32 alone",
}


@functools.cache
def bomb() -> bytes:
    """3 GB of zeros as gzip packs them: members of 64 MB, one after the other."""
    return gzip.compress(bytes(64 << 20), 9) * 48


def imported(source: str) -> set[str]:
    """Names of the modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_no_file_that_a_client_can_reach_knows_how_to_unpack() -> None:
    sources = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in ROOT.glob("minikafka/**/*.py")}
    users = {name for name, source in sources.items() if imported(source) & CODECS}
    assert users == NO_BATCHES.keys(), "whoever opens compressed data must do so within a limit, and be tested here"
    for name in ("minikafka/coordinator/consumer_group.py", "minikafka/client/partitioner.py"):
        assert sources[name].count("zlib.") == sources[name].count("zlib.crc32(")


def test_a_planted_import_is_seen() -> None:
    assert imported("def f():\n    from gzip import decompress\n") & CODECS
    assert imported("import zlib") & CODECS


@pytest.mark.parametrize("cleanup", ["delete", "compact"])
@pytest.mark.parametrize("codec", [GZIP, SNAPPY, LZ4, ZSTD])
def test_a_batch_that_unpacks_to_gigabytes_is_kept_as_it_came(alone: Running, codec: int, cleanup: str) -> None:
    packed = bomb()
    topic = Topic(alone, configs={"cleanup.policy": cleanup, "max.message.bytes": "5000000"})
    sent = compressed(codec, packed, count=1_000)
    tracemalloc.start()
    try:
        assert topic.produce(sent) == (0, 0)
        assert topic.list_offset(1)[:2] in ((0, 0), (0, 999))  # by time: its head is looked at, and not its records
        assert topic.list_offset(-3, version=7)[0] == 0
        (stored,) = batches(topic.fetch(0)["records"])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stored.data[61:] == packed
    assert most < 20 * len(packed)


def test_more_records_than_a_batch_has_bytes_cost_nothing(alone: Running) -> None:
    """A head may claim two thousand million records: they are offsets, and nobody makes them."""
    topic = Topic(alone)
    head = bytearray(compressed(GZIP, b"x", count=1))
    claimed = 2**31 - 1
    head[23:27] = (claimed - 1).to_bytes(4, "big")
    head[57:61] = claimed.to_bytes(4, "big")
    assert topic.produce(sealed(head).data) == (0, 0)
    assert topic.list_offset(-1)[1] == claimed
    assert topic.produce(compressed(GZIP, b"x")) == (0, claimed)
    assert len(batches(topic.fetch(claimed - 1)["records"])) == 2


def test_a_dump_does_not_unpack_either() -> None:
    one = compressed(GZIP, bomb()[:100_000], count=3)
    assert list(lines_of(one, with_records=True)) == [f"0 to 2  epoch -1  3 records  {len(one)} bytes"]
    with pytest.raises(CorruptBatch, match="does not open compressed batches"):
        list(RecordBatch(one).records())
