"""Reads the file like a stream."""

import io
import struct

from minikafka.protocol.crc32c import crc32c


def recover_segment(data, segment_base_offset):
    file, valid, next_offset = io.BytesIO(data), 0, segment_base_offset
    while len(head := file.read(12)) == 12:
        base, length = struct.unpack(">qi", head)
        if length < 49 or len(body := file.read(length)) < length:
            break
        magic, crc, delta = body[4], int.from_bytes(body[5:9], "big"), int.from_bytes(body[11:15], "big", signed=True)
        if magic != 2 or crc32c(body[9:]) != crc:
            break
        valid, next_offset = file.tell(), base + delta + 1
    return valid, next_offset
