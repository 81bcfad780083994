"""A generator of good batches; the last one counts."""

from minikafka.protocol.crc32c import crc32c


def recover_segment(data, segment_base_offset):
    def good():
        position = 0
        while position + 61 <= len(data):
            size = 12 + int.from_bytes(data[position + 8 : position + 12], "big", signed=True)
            batch = data[position : position + size] if size >= 61 else b""
            if len(batch) < size or size < 61 or batch[16] != 2:
                return
            if crc32c(batch[21:]) != int.from_bytes(batch[17:21], "big"):
                return
            position += size
            base, delta = (int.from_bytes(one, "big", signed=True) for one in (batch[:8], batch[23:27]))
            yield position, base + delta + 1

    return [(0, segment_base_offset), *good()][-1]
