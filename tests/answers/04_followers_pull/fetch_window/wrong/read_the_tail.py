"""What is in the log can be read."""

def fetch_window(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    if replica_id >= 0 and replica_id not in replicas:
        return 6, -1
    if not log_start <= fetch_offset <= log_end:
        return 1, -1
    return 0, log_end
