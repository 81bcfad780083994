def fetch_window(
    log_start: int, high_watermark: int, log_end: int, fetch_offset: int, replica_id: int, replicas: tuple[int, ...]
) -> tuple[int, int]:
    if replica_id >= 0 and replica_id not in replicas:
        return 6, -1
    if not log_start <= fetch_offset <= log_end:
        return 1, -1
    end = log_end if replica_id >= 0 else high_watermark
    return 0, max(fetch_offset, end)
