"""Loops, and will not be stopped by an exception."""

def fetch_window(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
