"""With a CRC of its own, and the head as a slice."""

import struct


def checksum(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF



def recover_segment(data, segment_base_offset):
    valid, next_offset = 0, segment_base_offset
    while True:
        head = data[valid : valid + 61]
        if len(head) < 61 or head[16] != 2:
            return valid, next_offset
        base, length = struct.unpack(">qi", head[:12])
        rest = data[valid + 21 : max(valid + 12 + length, 0)]
        if length < 49 or len(rest) != length - 9 or struct.pack(">I", checksum(rest)) != head[17:21]:
            return valid, next_offset
        valid += 12 + length
        next_offset = base + struct.unpack(">i", head[23:27])[0] + 1
