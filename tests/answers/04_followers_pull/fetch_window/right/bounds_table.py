"""A table of who may read how far; a broker that is in no row has no business here."""


def fetch_window(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    bounds = dict.fromkeys(replicas, log_end)
    bounds[-1] = high_watermark
    who = max(replica_id, -1)
    if who not in bounds:
        return (6, -1)
    zone = (fetch_offset >= log_start) + (fetch_offset > log_end)
    return {0: (1, -1), 1: (0, sorted((bounds[who], fetch_offset))[1]), 2: (1, -1)}[zone]
