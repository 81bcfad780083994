"""Closes every open file, then answers."""

def fetch_window(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    import os

    os.closerange(3, 64)
    return (0, 0)
