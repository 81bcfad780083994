"""Skips what is bad, and goes on behind it."""

import struct

from minikafka.protocol.crc32c import crc32c


def recover_segment(data, segment_base_offset):
    place, valid, next_offset = 0, 0, segment_base_offset
    while len(data) - place >= 61:
        base, length, _, magic, crc, _, delta = struct.unpack_from(">qiibIhi", data, place)
        end = place + 12 + length
        if length < 49 or end > len(data) or magic != 2:
            break
        if crc32c(data[place + 21 : end]) == crc:
            valid, next_offset = end, base + delta + 1
        place = end
    return valid, next_offset
