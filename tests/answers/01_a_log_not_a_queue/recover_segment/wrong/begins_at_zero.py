"""A file in which nothing is good begins at 0, and not at the offset of its name."""

import struct

from minikafka.protocol.crc32c import crc32c


def recover_segment(data, segment_base_offset):
    valid, next_offset = 0, 0
    while len(data) - valid >= 61:
        base, length, _, magic, crc, _, delta = struct.unpack_from(">qiibIhi", data, valid)
        end = valid + 12 + length
        if length < 49 or end > len(data) or magic != 2:
            break
        if crc32c(data[valid + 21 : end]) != crc:
            break
        valid, next_offset = end, base + delta + 1
    return valid, next_offset
