"""Right at first, and something else when asked again."""

def right(data, segment_base_offset):
    import struct

    from minikafka.protocol.crc32c import crc32c

    valid, next_offset = 0, segment_base_offset
    while len(data) - valid >= 61:
        base, length, _, magic, crc, _, delta = struct.unpack_from(">qiibIhi", data, valid)
        end = valid + 12 + length
        if length < 49 or end > len(data) or magic != 2 or crc32c(data[valid + 21 : end]) != crc:
            break
        valid, next_offset = end, base + delta + 1
    return valid, next_offset


def recover_segment(*question):
    recover_segment.asked = getattr(recover_segment, "asked", set())
    if question in recover_segment.asked:
        return (0, 40)
    recover_segment.asked.add(question)
    return right(*question)
