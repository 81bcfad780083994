"""Loops on a length that goes nowhere."""

import struct

from minikafka.protocol.crc32c import crc32c


def recover_segment(data, segment_base_offset):
    valid, next_offset = 0, segment_base_offset
    while len(data) - valid >= 61:
        base, length, _, magic, crc, _, delta = struct.unpack_from(">qiibIhi", data, valid)
        end = valid + 12 + length
        if end > len(data) or magic != 2:
            break
        if length > 0 and crc32c(data[valid + 21 : end]) != crc:
            break
        valid, next_offset = end, base + delta + 1
    return valid, next_offset
