"""Counts the records that are there."""

import struct

from minikafka.protocol.crc32c import crc32c


def recover_segment(data, segment_base_offset):
    valid, next_offset = 0, segment_base_offset
    while len(data) - valid >= 61:
        base, length, _, magic, crc, _, _ = struct.unpack_from(">qiibIhi", data, valid)
        end = valid + 12 + length
        if length < 49 or end > len(data) or magic != 2:
            break
        if crc32c(data[valid + 21 : end]) != crc:
            break
        next_offset = base + struct.unpack_from(">i", data, valid + 57)[0]
        valid = end
    return valid, next_offset
