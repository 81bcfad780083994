"""The window first; what speaks against it is looked at afterwards, the weightiest last."""


def fetch_window(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    is_reader = replica_id < 0
    answer = (0, high_watermark if is_reader else log_end)
    if answer[1] < fetch_offset:
        answer = (0, fetch_offset)
    if fetch_offset not in range(log_start, log_end + 1):
        answer = (1, -1)
    if not is_reader and not any(replica_id == broker for broker in replicas):
        answer = (6, -1)
    return answer
