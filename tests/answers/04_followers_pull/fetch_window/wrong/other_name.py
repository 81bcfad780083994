"""Named otherwise."""


def check(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    return (0, 0)
