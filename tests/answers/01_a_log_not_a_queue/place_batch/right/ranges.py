"""Offsets and bytes as ranges."""

def place_batch(log_end_offset, file_bytes, record_count, size_bytes, segment_limit_bytes):
    offsets = range(log_end_offset, log_end_offset + record_count)
    place = range(file_bytes, file_bytes + size_bytes)
    if place.start and place.stop > segment_limit_bytes:
        return offsets[0], offsets[-1], 0, True
    return offsets[0], offsets[-1], place.start, False
