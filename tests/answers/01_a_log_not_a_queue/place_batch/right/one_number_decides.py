"""The position decides whether a file was left."""

def place_batch(log_end_offset, file_bytes, record_count, size_bytes, segment_limit_bytes):
    room = segment_limit_bytes - size_bytes
    position = file_bytes if file_bytes <= max(room, 0) else 0
    return log_end_offset, log_end_offset + record_count - 1, position, position != file_bytes
