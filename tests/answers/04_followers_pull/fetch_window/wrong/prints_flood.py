"""Prints without end."""

def fetch_window(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    while True:
        print("how far? " * 100)
