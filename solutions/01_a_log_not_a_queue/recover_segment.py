import struct

from minikafka.protocol.crc32c import crc32c


def recover_segment(data: bytes, segment_base_offset: int) -> tuple[int, int]:
    valid, next_offset = 0, segment_base_offset
    while len(data) - valid >= 61:
        base, length, _, magic, crc, _, delta = struct.unpack_from(">qiibIhi", data, valid)
        end = valid + 12 + length
        if length < 49 or end > len(data) or magic != 2 or crc32c(data[valid + 21 : end]) != crc:
            break
        valid, next_offset = end, base + delta + 1
    return valid, next_offset
