"""What is not readable is out of range."""

def fetch_window(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    if replica_id >= 0 and replica_id not in replicas:
        return 6, -1
    end = log_end if replica_id >= 0 else high_watermark
    if not log_start <= fetch_offset <= end:
        return 1, -1
    return 0, end
